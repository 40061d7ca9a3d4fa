//! Adam and Adagrad on the device, one launch per parameter: dense, and for chosen rows of a table.
//!
//! A tensor is updated in place where nobody else holds its buffer, else a fresh one is written.
//! The formulas are those of [`crate::optim`].

use burn::backend::TensorMetadata;
use burn::backend::cubecl::dtype_to_storage_type;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::calculate_cube_count_elemwise;
use cubecl::prelude::*;

use super::empty;

/// Constants of a step of Adam: `p = keep p - rate m / (sqrt(v) root + epsilon)`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AdamStep {
    pub(crate) beta1: f64,
    pub(crate) beta2: f64,
    pub(crate) epsilon: f64,
    /// `1 - learning rate * weight decay`
    pub(crate) keep: f64,
}

/// Constants of a step of Adagrad: `v = momentum v - rate g / sqrt(G + epsilon)`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AdagradStep {
    pub(crate) epsilon: f64,
    pub(crate) momentum: f64,
    pub(crate) rate: f64,
}

/// How far each row of a table goes in a step of Adam.
#[derive(Debug)]
pub(crate) enum RowPace {
    /// Known on the host: `rates` and `roots` `[rows]`.
    Given { rates: CubeTensor, roots: CubeTensor },
    /// `counts` `[table rows]`, integers: gradients that each row has had so far. The kernel adds 1 to
    /// those of the rows.
    Counted { counts: CubeTensor, learning_rate: f64 },
}

#[cube]
fn adam_one<F: Float>(
    g: F,
    param: F,
    first: F,
    second: F,
    c: &AdamConstants,
    rate: F,
    root: F,
) -> (F, F, F) {
    let first = F::cast_from(c.beta1) * first + F::cast_from(c.rest1) * g;
    let second = F::cast_from(c.beta2) * second + F::cast_from(c.rest2) * g * g;
    let change = rate * first / (second.sqrt() * root + F::cast_from(c.epsilon));
    (F::cast_from(c.keep) * param - change, first, second)
}

/// [`AdamStep`] on the device. The rests are `1 - beta`, rounded once.
#[derive(CubeType, CubeLaunch)]
struct AdamConstants {
    beta1: f32,
    beta2: f32,
    rest1: f32,
    rest2: f32,
    epsilon: f32,
    keep: f32,
}

impl AdamStep {
    fn launch(&self) -> AdamConstantsLaunch {
        AdamConstantsLaunch::new(
            self.beta1 as f32,
            self.beta2 as f32,
            (1.0 - self.beta1) as f32,
            (1.0 - self.beta2) as f32,
            self.epsilon as f32,
            self.keep as f32,
        )
    }
}

#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel's bindings")]
fn adam_kernel<F: Float>(
    param: &[F],
    first: &[F],
    second: &[F],
    grad: &[F],
    scale: &[F],
    param_out: &mut [F],
    first_out: &mut [F],
    second_out: &mut [F],
    length: u32,
    c: AdamConstants,
    rate: f32,
    root: f32,
    #[comptime] scaled: bool,
    #[define(F)] _dtype: ElemType,
) {
    let i = ABSOLUTE_POS;
    if i < length as usize {
        let mut g = grad[i];
        if comptime![scaled] {
            g *= scale[0];
        }
        let (p, m, v) = adam_one::<F>(
            g,
            param[i],
            first[i],
            second[i],
            &c,
            F::cast_from(rate),
            F::cast_from(root),
        );
        param_out[i] = p;
        first_out[i] = m;
        second_out[i] = v;
    }
}

#[cube]
fn adagrad_one<F: Float>(
    g: F,
    param: F,
    sum: F,
    velocity: F,
    epsilon: f32,
    momentum: f32,
    rate: f32,
) -> (F, F, F) {
    let sum = sum + g * g;
    let change = F::cast_from(rate) * g / (sum + F::cast_from(epsilon)).sqrt();
    let velocity = F::cast_from(momentum) * velocity - change;
    (param + velocity, sum, velocity)
}

#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel's bindings")]
fn adagrad_kernel<F: Float>(
    param: &[F],
    first: &[F],
    velocity: &[F],
    grad: &[F],
    scale: &[F],
    param_out: &mut [F],
    first_out: &mut [F],
    velocity_out: &mut [F],
    length: u32,
    epsilon: f32,
    momentum: f32,
    rate: f32,
    #[comptime] scaled: bool,
    #[comptime] has_velocity: bool,
    #[define(F)] _dtype: ElemType,
) {
    let i = ABSOLUTE_POS;
    if i < length as usize {
        let mut g = grad[i];
        if comptime![scaled] {
            g *= scale[0];
        }
        let mut before = F::new(0.0_f32);
        if comptime![has_velocity] {
            before = velocity[i];
        }
        let (p, sum, v) = adagrad_one::<F>(g, param[i], first[i], before, epsilon, momentum, rate);
        param_out[i] = p;
        first_out[i] = sum;
        if comptime![has_velocity] {
            velocity_out[i] = v;
        }
    }
}

/// `1 - exp(x)` for `x <= 0`, without cancellation near 0.
#[cube]
fn one_minus_exp(x: f32) -> f32 {
    // Taylor to the 7th power: the next term is below 2^-24 of the sum for |x| < 0.3.
    let mut series = 1.0f32 + x / 7.0f32;
    series = 1.0f32 + x / 6.0f32 * series;
    series = 1.0f32 + x / 5.0f32 * series;
    series = 1.0f32 + x / 4.0f32 * series;
    series = 1.0f32 + x / 3.0f32 * series;
    series = 1.0f32 + x / 2.0f32 * series;
    select(x > -0.3f32, -x * series, 1.0f32 - x.exp())
}

/// One cube takes as many rows as its second axis has units; the first axis goes along a row.
#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel's bindings")]
fn adam_rows_kernel<F: Float, I: Int, C: Int>(
    param: &mut [F],
    first: &mut [F],
    second: &mut [F],
    rows: &[I],
    grad: &[F],
    scale: &[F],
    rates: &[F],
    roots: &[F],
    counts: &mut [C],
    height: u32,
    width: u32,
    chosen: u32,
    c: AdamConstants,
    learning_rate: f32,
    log_beta1: f32,
    log_beta2: f32,
    #[comptime] scaled: bool,
    #[comptime] counted: bool,
    #[define(F)] _dtype: ElemType,
    #[define(I)] _rows: ElemType,
    #[define(C)] _counts: ElemType,
) {
    let width = width as usize;
    let place = CUBE_POS * CUBE_DIM_Y as usize + UNIT_POS_Y as usize;
    let mut row = 0usize.runtime();
    let mut active = place < chosen as usize;
    if active {
        row = u32::cast_from(rows[place]) as usize;
        active = row < height as usize;
    }
    let mut rate = F::new(0.0_f32);
    let mut root = F::new(0.0_f32);
    let mut count = C::from_int(1);
    if active {
        if comptime![counted] {
            count = counts[row] + C::from_int(1);
            let n = f32::cast_from(count);
            rate = F::cast_from(learning_rate / one_minus_exp(n * log_beta1));
            root = F::cast_from(1.0f32 / one_minus_exp(n * log_beta2).sqrt());
        } else {
            rate = rates[place];
            root = roots[place];
        }
    }
    if comptime![counted] {
        // Every unit of the row has read the count before one writes it.
        sync_cube();
        if active && UNIT_POS_X == 0 {
            counts[row] = count;
        }
    }
    if active {
        let mut column = UNIT_POS_X as usize;
        while column < width {
            let i = row * width + column;
            let mut g = grad[place * width + column];
            if comptime![scaled] {
                g *= scale[0];
            }
            let (p, m, v) = adam_one::<F>(g, param[i], first[i], second[i], &c, rate, root);
            param[i] = p;
            first[i] = m;
            second[i] = v;
            column += CUBE_DIM_X as usize;
        }
    }
}

#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel's bindings")]
fn adagrad_rows_kernel<F: Float, I: Int>(
    param: &mut [F],
    first: &mut [F],
    velocity: &mut [F],
    rows: &[I],
    grad: &[F],
    scale: &[F],
    height: u32,
    width: u32,
    chosen: u32,
    epsilon: f32,
    momentum: f32,
    rate: f32,
    #[comptime] scaled: bool,
    #[comptime] has_velocity: bool,
    #[define(F)] _dtype: ElemType,
    #[define(I)] _rows: ElemType,
) {
    let width = width as usize;
    let at = ABSOLUTE_POS;
    if at < chosen as usize * width {
        let row = u32::cast_from(rows[at / width]) as usize;
        if row < height as usize {
            let i = row * width + at % width;
            let mut g = grad[at];
            if comptime![scaled] {
                g *= scale[0];
            }
            let mut before = F::new(0.0_f32);
            if comptime![has_velocity] {
                before = velocity[i];
            }
            let (p, sum, v) =
                adagrad_one::<F>(g, param[i], first[i], before, epsilon, momentum, rate);
            param[i] = p;
            first[i] = sum;
            if comptime![has_velocity] {
                velocity[i] = v;
            }
        }
    }
}

/// A tensor that a kernel reads and writes: itself, or a fresh one beside it.
struct Target {
    input: BufferArg,
    output: BufferArg,
    result: CubeTensor,
}

impl Target {
    /// `position` is that of the input among the kernel's buffers.
    fn new(tensor: CubeTensor, position: usize) -> Self {
        let tensor = into_contiguous(tensor);
        if tensor.can_mut() {
            let output = tensor.as_tensor_alias(position).into_buffer_arg();
            let result = tensor.clone();
            return Self { input: tensor.into_buffer_arg(), output, result };
        }
        let result = empty(&tensor, [tensor.shape().num_elements()]);
        let result = CubeTensor { meta: tensor.meta.clone(), ..result };
        let output = result.clone().into_buffer_arg();
        Self { input: tensor.into_buffer_arg(), output, result }
    }
}

/// `tensor` with a buffer that nobody else holds.
fn own(tensor: CubeTensor) -> CubeTensor {
    let tensor = into_contiguous(tensor);
    if tensor.can_mut() { tensor } else { tensor.copy() }
}

fn elements(like: &CubeTensor, length: usize) -> (CubeCount, CubeDim) {
    let dim = CubeDim::new(&like.client, length);
    (calculate_cube_count_elemwise(&like.client, length, dim), dim)
}

/// One step of Adam: the new parameter, first and second moment. `scale`, one number, is a factor on
/// the gradient; `rate` is the learning rate and `root` the factor of the root, both corrected for
/// the bias of the moments.
pub(crate) fn adam(
    param: CubeTensor,
    grad: CubeTensor,
    first: CubeTensor,
    second: CubeTensor,
    scale: Option<CubeTensor>,
    step: AdamStep,
    (rate, root): (f64, f64),
) -> (CubeTensor, CubeTensor, CubeTensor) {
    let length = param.shape().num_elements();
    if length == 0 {
        return (param, first, second);
    }
    let grad = into_contiguous(grad);
    let (client, dtype) = (param.client.clone(), dtype_to_storage_type(param.dtype));
    let (count, dim) = elements(&param, length);
    let scaled = scale.is_some();
    let scale = scale.unwrap_or_else(|| grad.clone());
    let param = Target::new(param, 0);
    let first = Target::new(first, 1);
    let second = Target::new(second, 2);
    // SAFETY: all tensors but the scale have `length` elements, and units past it do nothing.
    unsafe {
        adam_kernel::launch_unchecked(
            &client,
            count,
            dim,
            param.input,
            first.input,
            second.input,
            grad.into_buffer_arg(),
            scale.into_buffer_arg(),
            param.output,
            first.output,
            second.output,
            length as u32,
            step.launch(),
            rate as f32,
            root as f32,
            scaled,
            dtype,
        );
    }
    (param.result, first.result, second.result)
}

/// One step of Adagrad: the new parameter, sum of squares and, if there is one, velocity.
pub(crate) fn adagrad(
    param: CubeTensor,
    grad: CubeTensor,
    first: CubeTensor,
    velocity: Option<CubeTensor>,
    scale: Option<CubeTensor>,
    step: AdagradStep,
) -> (CubeTensor, CubeTensor, Option<CubeTensor>) {
    let length = param.shape().num_elements();
    if length == 0 {
        return (param, first, velocity);
    }
    let grad = into_contiguous(grad);
    let (client, dtype) = (param.client.clone(), dtype_to_storage_type(param.dtype));
    let (count, dim) = elements(&param, length);
    let scaled = scale.is_some();
    let scale = scale.unwrap_or_else(|| grad.clone());
    let has_velocity = velocity.is_some();
    let param = Target::new(param, 0);
    let first = Target::new(first, 1);
    let velocity = match velocity {
        Some(velocity) => Target::new(velocity, 2),
        None => Target {
            input: grad.clone().into_buffer_arg(),
            output: grad.as_tensor_alias(3).into_buffer_arg(),
            result: grad.clone(),
        },
    };
    // SAFETY: all tensors but the scale have `length` elements, and units past it do nothing.
    unsafe {
        adagrad_kernel::launch_unchecked(
            &client,
            count,
            dim,
            param.input,
            first.input,
            velocity.input,
            grad.into_buffer_arg(),
            scale.into_buffer_arg(),
            param.output,
            first.output,
            velocity.output,
            length as u32,
            step.epsilon as f32,
            step.momentum as f32,
            step.rate as f32,
            scaled,
            has_velocity,
            dtype,
        );
    }
    (param.result, first.result, has_velocity.then_some(velocity.result))
}

/// A table and its moments after a step of [`adam_rows`].
#[derive(Debug)]
pub(crate) struct AdamRows {
    pub(crate) param: CubeTensor,
    pub(crate) first: CubeTensor,
    pub(crate) second: CubeTensor,
    /// The counts that were given, of [`RowPace::Counted`].
    pub(crate) counts: Option<CubeTensor>,
}

/// One step of Adam for the rows of `param` `[table rows, width]` that `rows` `[n]` names, each at most once;
/// `grad` is `[n, width]`. Rows outside the table are passed over.
pub(crate) fn adam_rows(
    param: CubeTensor,
    rows: CubeTensor,
    grad: CubeTensor,
    first: CubeTensor,
    second: CubeTensor,
    scale: Option<CubeTensor>,
    step: AdamStep,
    pace: RowPace,
) -> AdamRows {
    let [height, width] = param.shape().dims::<2>();
    let chosen = rows.shape().num_elements();
    let (param, first, second) = (own(param), own(first), own(second));
    let (counted, learning_rate) = match &pace {
        RowPace::Given { .. } => (false, 0.0),
        RowPace::Counted { learning_rate, .. } => (true, *learning_rate),
    };
    let (rates, roots, counts) = match pace {
        RowPace::Given { rates, roots } => (into_contiguous(rates), into_contiguous(roots), None),
        RowPace::Counted { counts, .. } => (first.clone(), first.clone(), Some(own(counts))),
    };
    if chosen * width == 0 {
        return AdamRows { param, first, second, counts };
    }
    let (rows, grad) = (into_contiguous(rows), into_contiguous(grad));
    let client = param.client.clone();
    let scaled = scale.is_some();
    let scale = scale.unwrap_or_else(|| grad.clone());
    let along = width.next_power_of_two().min(64) as u32;
    let dim = CubeDim::new_2d(along, 64 / along);
    let units = chosen.div_ceil(64 / along as usize) * 64;
    let count = calculate_cube_count_elemwise(&client, units, dim);
    let stand_in = counts.clone().unwrap_or_else(|| rows.clone());
    // SAFETY: units whose place is not among the rows, or whose row is not in the table, do nothing; the
    // stand-ins for absent tensors are never indexed.
    unsafe {
        adam_rows_kernel::launch_unchecked(
            &client,
            count,
            dim,
            param.clone().into_buffer_arg(),
            first.clone().into_buffer_arg(),
            second.clone().into_buffer_arg(),
            rows.clone().into_buffer_arg(),
            grad.into_buffer_arg(),
            scale.into_buffer_arg(),
            rates.into_buffer_arg(),
            roots.into_buffer_arg(),
            stand_in.clone().into_buffer_arg(),
            height as u32,
            width as u32,
            chosen as u32,
            step.launch(),
            learning_rate as f32,
            step.beta1.ln() as f32,
            step.beta2.ln() as f32,
            scaled,
            counted,
            dtype_to_storage_type(param.dtype),
            dtype_to_storage_type(rows.dtype),
            dtype_to_storage_type(stand_in.dtype),
        );
    }
    AdamRows { param, first, second, counts }
}

/// One step of Adagrad for rows, which [`adam_rows`] describes: the new table, sums of squares and, if
/// there are any, velocities.
pub(crate) fn adagrad_rows(
    param: CubeTensor,
    rows: CubeTensor,
    grad: CubeTensor,
    first: CubeTensor,
    velocity: Option<CubeTensor>,
    scale: Option<CubeTensor>,
    step: AdagradStep,
) -> (CubeTensor, CubeTensor, Option<CubeTensor>) {
    let [height, width] = param.shape().dims::<2>();
    let chosen = rows.shape().num_elements();
    let (param, first, velocity) = (own(param), own(first), velocity.map(own));
    if chosen * width == 0 {
        return (param, first, velocity);
    }
    let (rows, grad) = (into_contiguous(rows), into_contiguous(grad));
    let client = param.client.clone();
    let scaled = scale.is_some();
    let scale = scale.unwrap_or_else(|| grad.clone());
    let (count, dim) = elements(&param, chosen * width);
    let stand_in = velocity.clone().unwrap_or_else(|| first.clone());
    // SAFETY: units past the chosen rows, and those whose row is not in the table, do nothing; the
    // stand-ins for absent tensors are never indexed.
    unsafe {
        adagrad_rows_kernel::launch_unchecked(
            &client,
            count,
            dim,
            param.clone().into_buffer_arg(),
            first.clone().into_buffer_arg(),
            stand_in.into_buffer_arg(),
            rows.clone().into_buffer_arg(),
            grad.into_buffer_arg(),
            scale.into_buffer_arg(),
            height as u32,
            width as u32,
            chosen as u32,
            step.epsilon as f32,
            step.momentum as f32,
            step.rate as f32,
            scaled,
            velocity.is_some(),
            dtype_to_storage_type(param.dtype),
            dtype_to_storage_type(rows.dtype),
        );
    }
    (param, first, velocity)
}
