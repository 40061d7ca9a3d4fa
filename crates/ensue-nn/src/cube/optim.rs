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

/// How far each of the chosen rows goes in a step of Adam, `[rows]` each: [`adam`]'s rate and root.
#[derive(Debug)]
pub(crate) struct RowPaces {
    pub(crate) rates: CubeTensor,
    pub(crate) roots: CubeTensor,
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
#[derive(Clone, Copy, CubeType, CubeLaunch)]
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

#[cube(launch_unchecked)]
#[allow(clippy::too_many_arguments, reason = "a kernel's bindings")]
fn adam_rows_kernel<F: Float, I: Int>(
    param: &mut [F],
    first: &mut [F],
    second: &mut [F],
    rows: &[I],
    grad: &[F],
    scale: &[F],
    rates: &[F],
    roots: &[F],
    height: u32,
    width: u32,
    chosen: u32,
    c: AdamConstants,
    #[comptime] scaled: bool,
    #[define(F)] _dtype: ElemType,
    #[define(I)] _index: ElemType,
) {
    let width = width as usize;
    let at = ABSOLUTE_POS;
    if at < chosen as usize * width {
        let place = at / width;
        let row = u32::cast_from(rows[place]) as usize;
        if row < height as usize {
            let i = row * width + at % width;
            let mut g = grad[at];
            if comptime![scaled] {
                g *= scale[0];
            }
            let (p, m, v) =
                adam_one::<F>(g, param[i], first[i], second[i], &c, rates[place], roots[place]);
            param[i] = p;
            first[i] = m;
            second[i] = v;
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
    #[define(I)] _index: ElemType,
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

/// One step of Adam for the rows of `param` `[table rows, width]` that `rows` `[n]` names, each at most
/// once; `grad` is `[n, width]`. Rows outside the table are passed over. Gives the new table, first and
/// second moment.
#[allow(clippy::too_many_arguments, reason = "what a step is made of")]
pub(crate) fn adam_rows(
    param: CubeTensor,
    rows: CubeTensor,
    grad: CubeTensor,
    first: CubeTensor,
    second: CubeTensor,
    scale: Option<CubeTensor>,
    step: AdamStep,
    paces: RowPaces,
) -> (CubeTensor, CubeTensor, CubeTensor) {
    let [height, width] = param.shape().dims::<2>();
    let chosen = rows.shape().num_elements();
    let (param, first, second) = (own(param), own(first), own(second));
    if chosen * width == 0 {
        return (param, first, second);
    }
    let (rows, grad) = (into_contiguous(rows), into_contiguous(grad));
    let client = param.client.clone();
    let scaled = scale.is_some();
    let scale = scale.unwrap_or_else(|| grad.clone());
    let (count, dim) = elements(&param, chosen * width);
    // SAFETY: units past the chosen rows, and those whose row is not in the table, do nothing.
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
            into_contiguous(paces.rates).into_buffer_arg(),
            into_contiguous(paces.roots).into_buffer_arg(),
            height as u32,
            width as u32,
            chosen as u32,
            step.launch(),
            scaled,
            dtype_to_storage_type(param.dtype),
            dtype_to_storage_type(rows.dtype),
        );
    }
    (param, first, second)
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
