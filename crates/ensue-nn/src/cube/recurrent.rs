//! Sweeps of an LSTM or GRU on the device: which kernels run, and on what.
//!
//! Forward a layer makes 2 launches: the input's product and the time loop. Backward it makes 3 or
//! 4: time loop, weight gradients, their sum and, if asked for, the gradient of the input.

use burn::backend::TensorMetadata;
use burn::backend::cubecl::dtype_to_storage_type;
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::tensor::{FloatDType, Shape};
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::calculate_cube_count_elemwise;
use cubecl::prelude::{CubeCount, CubeDim};

use super::plan::{self, Limits, Path};
use super::product::{self, Operands, SIDE, Tiles};
use super::sweep::Sweep;
use super::{empty, steps, sweep};
use crate::recurrent::Cell;
use crate::recurrent::sweep::{Form, SweepInputs, SweepKernels, SweepOps};

/// What the forward pass leaves for the backward pass, all `[batch, time, hidden, ..]`.
#[derive(Debug, Clone)]
pub(crate) struct Saved {
    h: CubeTensor,
    /// Cell states of an LSTM, hidden states of a GRU.
    states: CubeTensor,
    /// Gates i, f, g, o of an LSTM; r, z, n, m of a GRU.
    quads: CubeTensor,
    /// Recurrent weights turned for the reverse sweep; nothing of use where that goes step by step.
    turned: CubeTensor,
}

impl SweepOps for CubeBackend {
    fn sweep(
        x: FloatTensor<Self>,
        wx: FloatTensor<Self>,
        wh: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        h0: FloatTensor<Self>,
        c0: FloatTensor<Self>,
        keep: FloatTensor<Self>,
        form: Form,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let tensors = [x, wx, wh, bias, h0, c0];
        let (h, c, _) = Self::forward(&SweepInputs { tensors, keep, form }, false);
        (h, c)
    }
}

impl SweepKernels for CubeBackend {
    type Saved = Saved;

    fn forward(
        inputs: &SweepInputs<Self>,
        save: bool,
    ) -> (CubeTensor, CubeTensor, Option<Self::Saved>) {
        let call = Call::new(inputs);
        forward(&call, call.path(), save)
    }

    fn backward(
        inputs: &SweepInputs<Self>,
        saved: Self::Saved,
        dh: CubeTensor,
        needed: [bool; 6],
    ) -> [Option<CubeTensor>; 6] {
        let call = Call::new(inputs);
        backward(&call, call.path(), &saved, dh, needed)
    }
}

/// The arguments of a sweep, contiguous, and their sizes. Absent tensors are stood in for by the bias.
pub(super) struct Call {
    x: CubeTensor,
    wx: CubeTensor,
    wh: CubeTensor,
    bias: CubeTensor,
    h0: CubeTensor,
    c0: CubeTensor,
    keep: CubeTensor,
    form: Form,
    batch: usize,
    time: usize,
    input: usize,
    hidden: usize,
}

impl Call {
    pub(super) fn new(inputs: &SweepInputs<CubeBackend>) -> Self {
        let form = inputs.form;
        let lstm = form.cell == Cell::Lstm;
        let [x, wx, wh, bias, h0, c0] = &inputs.tensors;
        let bias = into_contiguous(bias.clone());
        let given = |tensor: &CubeTensor, given: bool| {
            if given { into_contiguous(tensor.clone()) } else { bias.clone() }
        };
        let [batch, time, input] = x.shape().dims::<3>();
        let [hidden, _] = wh.shape().dims::<2>();
        Self {
            x: into_contiguous(x.clone()),
            wx: into_contiguous(wx.clone()),
            wh: into_contiguous(wh.clone()),
            h0: given(h0, form.state),
            c0: given(c0, form.state && lstm),
            keep: given(&inputs.keep, form.keep),
            bias,
            form,
            batch,
            time,
            input,
            hidden,
        }
    }

    pub(super) fn path(&self) -> Path {
        plan::choose(&Limits::of(&self.x.client), self.batch, self.hidden, self.x.elem_size())
    }

    fn lstm(&self) -> bool {
        self.form.cell == Cell::Lstm
    }

    fn gates(&self) -> usize {
        if self.lstm() { 4 } else { 3 }
    }

    fn is_empty(&self) -> bool {
        self.batch * self.time * self.hidden == 0
    }

    fn sweep(&self, units: usize, buffers: usize, extra: bool) -> Sweep {
        Sweep {
            lstm: self.lstm(),
            state: self.form.state,
            keep: self.form.keep,
            extra,
            hidden: self.hidden,
            units,
            buffers,
        }
    }

    fn empty<const D: usize>(&self, shape: [usize; D]) -> CubeTensor {
        empty(&self.x, shape)
    }

    fn zeros<const D: usize>(&self, shape: [usize; D]) -> CubeTensor {
        let dtype = FloatDType::from(self.x.dtype);
        CubeBackend::float_zeros(Shape::new(shape), &self.x.device, dtype)
    }

    /// Cubes for one unit per element.
    fn elements(&self, count: usize) -> (CubeCount, CubeDim) {
        let dim = CubeDim::new(&self.x.client, count);
        (calculate_cube_count_elemwise(&self.x.client, count, dim), dim)
    }

    /// A product into a fresh tensor; row `i` of `a` begins at `offset + i * stride`.
    fn multiply(
        &self,
        (a, offset, stride): (&CubeTensor, usize, usize),
        b: &CubeTensor,
        [rows, columns, depth]: [usize; 3],
        operands: Operands,
    ) -> CubeTensor {
        let out = self.empty([rows, columns]);
        let tiles = Tiles::new(rows, columns, self.lstm());
        let most = self.x.client.properties().hardware.max_cube_count.1 as usize;
        let count = CubeCount::Static(
            columns.div_ceil(tiles.columns) as u32,
            rows.div_ceil(tiles.rows).min(most) as u32,
            1,
        );
        // SAFETY: the kernel compares every index with `rows`, `columns` and `depth`, and the callers give
        // an `a` that reaches `offset + (rows - 1) * stride + depth` (in quads for gradients).
        unsafe {
            product::multiply::launch_unchecked(
                &self.x.client,
                count,
                CubeDim::new_1d((SIDE * SIDE) as u32),
                a.clone().into_buffer_arg(),
                b.clone().into_buffer_arg(),
                out.clone().into_buffer_arg(),
                rows as u32,
                columns as u32,
                depth as u32,
                offset as u32,
                stride as u32,
                operands,
                tiles,
                dtype_to_storage_type(self.x.dtype),
            );
        }
        out
    }
}

/// Hidden states, last cell state (of a GRU: the hidden states again) and, if `save`, the rest.
pub(super) fn forward(
    call: &Call,
    path: Path,
    save: bool,
) -> (CubeTensor, CubeTensor, Option<Saved>) {
    let Call { batch, time, input, hidden, .. } = *call;
    let lstm = call.lstm();
    if call.is_empty() {
        let h = call.zeros([batch, time, hidden]);
        let last = match (lstm, call.form.state) {
            (true, true) => call.c0.clone(),
            (true, false) => call.zeros([batch, hidden]),
            (false, _) => h.clone(),
        };
        let saved = Saved { h: h.clone(), states: h.clone(), quads: h.clone(), turned: h.clone() };
        return (h, last, save.then_some(saved));
    }
    let columns = call.gates() * hidden;
    let gx = call.multiply(
        (&call.x, 0, input),
        &call.wx,
        [batch * time, columns, input],
        Operands::Forward,
    );
    let h = call.empty([batch, time, hidden]);
    let last = if lstm { call.empty([batch, hidden]) } else { call.bias.clone() };
    let states = if lstm && save { call.empty([batch, time, hidden]) } else { call.bias.clone() };
    let quads = if save { call.empty([batch, time, hidden, 4]) } else { call.bias.clone() };
    let turned = match path {
        Path::Sweep { .. } if save => call.empty([hidden, hidden, 4]),
        _ => call.bias.clone(),
    };
    let client = &call.x.client;
    let dtype = dtype_to_storage_type(call.x.dtype);
    match path {
        Path::Sweep { rows, units, forward_buffers, .. } => {
            // SAFETY: rows are compared with `batch` and units with `hidden`; all tensors have the shapes that
            // the kernel names, and the stand-ins for absent ones are never indexed.
            unsafe {
                sweep::forward::launch_unchecked(
                    client,
                    CubeCount::Static(batch.div_ceil(rows) as u32, 1, 1),
                    CubeDim::new_1d(units as u32),
                    rows,
                    if lstm { 4 } else { 1 },
                    gx.into_buffer_arg(),
                    call.wh.clone().into_buffer_arg(),
                    call.bias.clone().into_buffer_arg(),
                    call.h0.clone().into_buffer_arg(),
                    call.c0.clone().into_buffer_arg(),
                    call.keep.clone().into_buffer_arg(),
                    h.clone().into_buffer_arg(),
                    states.clone().into_buffer_arg(),
                    quads.clone().into_buffer_arg(),
                    last.clone().into_buffer_arg(),
                    turned.clone().into_buffer_arg(),
                    time as u32,
                    batch as u32,
                    call.sweep(units, forward_buffers, save),
                    dtype,
                );
            }
        }
        Path::Steps => {
            let (count, dim) = call.elements(batch * hidden);
            for t in 0..time {
                let from = match t {
                    0 if call.form.state => Some((&call.h0, 0, hidden)),
                    0 => None,
                    _ => Some((&h, (t - 1) * hidden, time * hidden)),
                };
                let sums = from.map(|from| {
                    call.multiply(from, &call.wh, [batch, columns, hidden], Operands::Forward)
                });
                let has_sums = sums.is_some();
                let sums = sums.unwrap_or_else(|| call.bias.clone());
                // SAFETY: units past `batch * hidden` do nothing; else as above.
                unsafe {
                    steps::forward::launch_unchecked(
                        client,
                        count.clone(),
                        dim,
                        1,
                        gx.clone().into_buffer_arg(),
                        sums.into_buffer_arg(),
                        call.bias.clone().into_buffer_arg(),
                        call.h0.clone().into_buffer_arg(),
                        call.c0.clone().into_buffer_arg(),
                        call.keep.clone().into_buffer_arg(),
                        h.clone().into_buffer_arg(),
                        states.clone().into_buffer_arg(),
                        quads.clone().into_buffer_arg(),
                        last.clone().into_buffer_arg(),
                        t as u32,
                        time as u32,
                        batch as u32,
                        has_sums,
                        call.sweep(1, 1, save),
                        dtype,
                    );
                }
            }
        }
    }
    let saved = save.then(|| Saved {
        h: h.clone(),
        states: if lstm { states } else { h.clone() },
        quads,
        turned,
    });
    let last = if lstm { last } else { h.clone() };
    (h, last, saved)
}

/// Gradients of x, wx, wh, bias, h0 and c0 that are `needed`.
pub(super) fn backward(
    call: &Call,
    path: Path,
    saved: &Saved,
    dh: CubeTensor,
    needed: [bool; 6],
) -> [Option<CubeTensor>; 6] {
    let Call { batch, time, input, hidden, .. } = *call;
    let lstm = call.lstm();
    let columns = call.gates() * hidden;
    if call.is_empty() {
        let inputs = [&call.x, &call.wx, &call.wh, &call.bias, &call.h0, &call.c0];
        let zeros = |tensor: &CubeTensor| {
            let dtype = FloatDType::from(tensor.dtype);
            CubeBackend::float_zeros(tensor.shape(), &tensor.device, dtype)
        };
        return std::array::from_fn(|i| needed[i].then(|| zeros(inputs[i])));
    }
    let dh = into_contiguous(dh);
    let of_state = needed[4] || needed[5];
    let back = Back {
        grads: call.empty([batch, time, hidden, 4]),
        dh0: if of_state { call.empty([batch, hidden]) } else { call.empty([1]) },
        dc0: if of_state && lstm { call.empty([batch, hidden]) } else { call.empty([1]) },
        extra: of_state,
    };
    let (groups, partial_bias) = match path {
        Path::Sweep { rows, units, backward_buffers, .. } => {
            back.sweep(call, saved, dh, (rows, units, backward_buffers))
        }
        Path::Steps => back.steps(call, saved, &dh),
    };
    let mut out = [const { None }; 6];
    if needed[0] {
        let dx = call.multiply(
            (&back.grads, 0, 4 * hidden),
            &call.wx,
            [batch * time, input, columns],
            Operands::ToInput,
        );
        out[0] = Some(CubeBackend::float_reshape(dx, Shape::new([batch, time, input])));
    }
    if needed[1] || needed[2] || needed[3] {
        let grads = weight_grads(call, &saved.h, &back.grads, partial_bias, groups);
        for (slot, grad) in out[1..4].iter_mut().zip(grads) {
            *slot = Some(grad);
        }
    }
    if of_state {
        out[4] = Some(back.dh0);
        out[5] = lstm.then_some(back.dc0);
    }
    out
}

/// What the time loop writes backward.
struct Back {
    /// Gradients of the sums under the gates, `[batch, time, hidden, 4]`.
    grads: CubeTensor,
    dh0: CubeTensor,
    dc0: CubeTensor,
    /// Whether the initial states' gradients are asked for.
    extra: bool,
}

impl Back {
    /// In one launch. Gives how many parts of the bias' gradient there are, and the parts.
    fn sweep(
        &self,
        call: &Call,
        saved: &Saved,
        dh: CubeTensor,
        (rows, units, buffers): (usize, usize, usize),
    ) -> (usize, CubeTensor) {
        let Call { batch, time, hidden, .. } = *call;
        let client = &call.x.client;
        let dtype = dtype_to_storage_type(call.x.dtype);
        let groups = batch.div_ceil(rows);
        let partial = call.empty([groups, hidden, 4]);
        let initial = if call.lstm() { &call.c0 } else { &call.h0 };
        // SAFETY: rows are compared with `batch` and units with `hidden`; all tensors have the shapes that
        // the kernel names, and the stand-ins for absent ones are never indexed.
        unsafe {
            sweep::backward::launch_unchecked(
                client,
                CubeCount::Static(groups as u32, 1, 1),
                CubeDim::new_1d(units as u32),
                rows,
                dh.into_buffer_arg(),
                saved.quads.clone().into_buffer_arg(),
                saved.states.clone().into_buffer_arg(),
                saved.turned.clone().into_buffer_arg(),
                initial.clone().into_buffer_arg(),
                call.keep.clone().into_buffer_arg(),
                self.grads.clone().into_buffer_arg(),
                partial.clone().into_buffer_arg(),
                self.dh0.clone().into_buffer_arg(),
                self.dc0.clone().into_buffer_arg(),
                time as u32,
                batch as u32,
                call.sweep(units, buffers, self.extra),
                dtype,
            );
        }
        (groups, partial)
    }

    /// Step by step.
    fn steps(&self, call: &Call, saved: &Saved, dh: &CubeTensor) -> (usize, CubeTensor) {
        let Call { batch, time, hidden, .. } = *call;
        let client = &call.x.client;
        let dtype = dtype_to_storage_type(call.x.dtype);
        let form = call.sweep(1, 1, self.extra);
        let partial = call.empty([batch, hidden, 4]);
        let carry = call.empty([batch, hidden]);
        let initial = if call.lstm() { &call.c0 } else { &call.h0 };
        let (count, dim) = call.elements(batch * hidden);
        let sums = |t: usize| {
            call.multiply(
                (&self.grads, t * hidden * 4, time * hidden * 4),
                &call.wh,
                [batch, hidden, call.gates() * hidden],
                Operands::ToState,
            )
        };
        for t in (0..time).rev() {
            let is_last = t + 1 == time;
            let sums = if is_last { call.bias.clone() } else { sums(t + 1) };
            // SAFETY: units past `batch * hidden` do nothing; all tensors have the shapes that the kernel
            // names, and the stand-ins for absent ones are never indexed.
            unsafe {
                steps::backward::launch_unchecked(
                    client,
                    count.clone(),
                    dim,
                    1,
                    dh.clone().into_buffer_arg(),
                    saved.quads.clone().into_buffer_arg(),
                    saved.states.clone().into_buffer_arg(),
                    sums.into_buffer_arg(),
                    initial.clone().into_buffer_arg(),
                    call.keep.clone().into_buffer_arg(),
                    self.grads.clone().into_buffer_arg(),
                    partial.clone().into_buffer_arg(),
                    carry.clone().into_buffer_arg(),
                    t as u32,
                    time as u32,
                    batch as u32,
                    is_last,
                    form,
                    dtype,
                );
            }
        }
        if self.extra {
            // SAFETY: as above.
            unsafe {
                steps::initial::launch_unchecked(
                    client,
                    count,
                    dim,
                    1,
                    sums(0).into_buffer_arg(),
                    carry.into_buffer_arg(),
                    call.keep.clone().into_buffer_arg(),
                    self.dh0.clone().into_buffer_arg(),
                    self.dc0.clone().into_buffer_arg(),
                    time as u32,
                    batch as u32,
                    form,
                    dtype,
                );
            }
        }
        (batch, partial)
    }
}

/// Gradients of wx, wh and the bias, in two launches.
fn weight_grads(
    call: &Call,
    h: &CubeTensor,
    grads: &CubeTensor,
    partial_bias: CubeTensor,
    groups: usize,
) -> [CubeTensor; 3] {
    let Call { batch, time, input, hidden, .. } = *call;
    let client = &call.x.client;
    let dtype = dtype_to_storage_type(call.x.dtype);
    let columns = call.gates() * hidden;
    let steps = batch * time;
    let tiles = Tiles::new(input.max(hidden), columns, call.lstm());
    let across = columns.div_ceil(tiles.columns);
    let down = input.div_ceil(tiles.rows) + hidden.div_ceil(tiles.rows);
    // Few tiles leave a device idle, so the sum is split; a part of less than 256 steps is not worth it.
    let splits = 64usize.div_ceil(across * down).min(steps.div_ceil(256));
    let chunk = steps.div_ceil(splits);
    let partial = call.empty([splits, input + hidden, columns]);
    let out =
        [call.empty([input, columns]), call.empty([hidden, columns]), call.empty([4 * hidden])];
    // SAFETY: the kernel compares every index with `input`, `hidden` and `steps`, from which all tensors
    // have their shapes.
    unsafe {
        product::weight_grads::launch_unchecked(
            client,
            CubeCount::Static(across as u32, down as u32, splits as u32),
            CubeDim::new_1d((SIDE * SIDE) as u32),
            call.x.clone().into_buffer_arg(),
            h.clone().into_buffer_arg(),
            call.h0.clone().into_buffer_arg(),
            call.keep.clone().into_buffer_arg(),
            grads.clone().into_buffer_arg(),
            partial.clone().into_buffer_arg(),
            input as u32,
            hidden as u32,
            time as u32,
            steps as u32,
            chunk as u32,
            tiles,
            call.form.state,
            call.form.keep,
            dtype,
        );
    }
    let (count, dim) = call.elements((input + hidden) * columns + 4 * hidden);
    // SAFETY: units past the three gradients do nothing.
    unsafe {
        product::gather::launch_unchecked(
            client,
            count,
            dim,
            partial.into_buffer_arg(),
            partial_bias.into_buffer_arg(),
            out[0].clone().into_buffer_arg(),
            out[1].clone().into_buffer_arg(),
            out[2].clone().into_buffer_arg(),
            splits as u32,
            groups as u32,
            (input * columns) as u32,
            (hidden * columns) as u32,
            (4 * hidden) as u32,
            dtype,
        );
    }
    out
}
