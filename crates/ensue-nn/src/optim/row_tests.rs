//! Steps over some rows of a table, against steps over all of it and against scalar recursions.

use burn::module::{Module, Param};
use burn::tensor::{DType, Device, Gradients, Tensor, TensorData};

use super::state::Values;
use super::*;
use crate::embedding::{Touched, gather, row_numbers};

const RATE: f64 = 0.05;
const ROWS: usize = 7;
const WIDTH: usize = 5;

/// Two tables and a parameter that is always used whole.
#[derive(Module, Debug)]
struct Net {
    table: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
    rest: Param<Tensor<1>>,
}

fn cpu() -> Device {
    crate::device::open("ndarray").unwrap().autodiff()
}

fn net(device: &Device, dtype: DType) -> Net {
    let wave = |n: usize| (0..n).map(|i| (i as f64 * 0.9).sin() * 1.5).collect::<Vec<f64>>();
    let tensor = |n: usize| Tensor::<1>::from_data(TensorData::new(wave(n), [n]), (device, dtype));
    Net {
        table: Param::from_tensor(tensor(ROWS * WIDTH).reshape([ROWS, WIDTH])),
        bias: Param::from_tensor(tensor(ROWS)),
        rest: Param::from_tensor(tensor(3)),
    }
}

/// `sum(x^4) / 4 + x`, so that the gradient of a weight is `x^3 + 1`, whatever the others are.
fn loss<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    (x.clone().powi_scalar(4) * 0.25 + x).sum()
}

/// Gradients of a step that works on `rows` of the tables, or on all of them as usual.
fn backward(net: &Net, rows: Option<&[u32]>) -> (Gradients, Vec<Touched>) {
    match rows {
        None => {
            let value = loss(net.table.val()) + loss(net.bias.val()) + loss(net.rest.val());
            (value.backward(), Vec::new())
        }
        Some(rows) => {
            let (table, bias) = (gather(&net.table, rows), gather(&net.bias, rows));
            let value = loss(table.tensor()) + loss(bias.tensor()) + loss(net.rest.val());
            (value.backward(), vec![table.into_touched(), bias.into_touched()])
        }
    }
}

fn step(net: Net, state: &mut OptimizerState, rows: Option<&[u32]>, clip: Option<f64>) -> Net {
    let (gradients, touched) = backward(&net, rows);
    state.step_with_rows(net, gradients, touched, RATE, clip).unwrap()
}

fn values(net: &Net) -> Vec<f64> {
    let mut all: Vec<f64> = net.table.val().inner().into_data().iter::<f64>().collect();
    all.extend(net.bias.val().inner().into_data().iter::<f64>());
    all.extend(net.rest.val().inner().into_data().iter::<f64>());
    all
}

fn optimizers() -> [Optimizer; 4] {
    [
        Optimizer::default(),
        Optimizer::Adam(Adam { weight_decay: 0.1, ..Adam::default() }),
        Optimizer::Adagrad(Adagrad::default()),
        Optimizer::Adagrad(Adagrad { momentum: 0.4, ..Adagrad::default() }),
    ]
}

#[test]
fn steps_over_all_rows_equal_steps_over_the_table() {
    // Oracle: the same training without gathering, bit for bit. Clipped at half the norm, so that a
    // norm that left the rows out would show.
    let all: Vec<u32> = (0..ROWS as u32).collect();
    for optimizer in optimizers() {
        for dtype in [DType::F32, DType::F64] {
            for clip in [None, Some(2.0)] {
                let (mut one, mut other) = (net(&cpu(), dtype), net(&cpu(), dtype));
                let mut states = [(); 2].map(|()| OptimizerState::new(optimizer.clone(), &one));
                for _ in 0..20 {
                    one = step(one, &mut states[0], None, clip);
                    other = step(other, &mut states[1], Some(&all), clip);
                }
                assert_eq!(values(&one), values(&other), "{optimizer:?} {dtype:?} {clip:?}");
            }
        }
    }
}

/// Rows of step `t`; every fifth step works on the whole tables.
fn rows(t: usize) -> Option<Vec<u32>> {
    (t % 5 != 4).then(|| {
        let chosen = |row: &u32| !(*row as usize + t).is_multiple_of(3) && *row != 6;
        (0..ROWS as u32).filter(chosen).collect()
    })
}

#[test]
fn each_row_has_its_own_clock_also_where_whole_steps_come_between() {
    // Oracle: Adam and Adagrad (formulas of `Adam` and `Adagrad`) for one weight at a time in f64,
    // counting only the steps that its row is part of.
    for optimizer in optimizers() {
        let mut expected = values(&net(&cpu(), DType::F64));
        for (i, x) in expected.iter_mut().enumerate() {
            let row = match i {
                i if i < ROWS * WIDTH => i / WIDTH,
                i if i < ROWS * WIDTH + ROWS => i - ROWS * WIDTH,
                _ => usize::MAX,
            };
            let (mut count, mut m, mut v) = (0, 0.0f64, 0.0f64);
            for t in 0..30 {
                let touched = rows(t).is_none_or(|rows| rows.contains(&(row as u32)));
                if row != usize::MAX && !touched {
                    continue;
                }
                let g = x.powi(3) + 1.0;
                count += 1;
                match &optimizer {
                    Optimizer::Adam(a) => {
                        m = a.beta1 * m + (1.0 - a.beta1) * g;
                        v = a.beta2 * v + (1.0 - a.beta2) * g * g;
                        let m_hat = m / (1.0 - a.beta1.powi(count));
                        let v_hat = v / (1.0 - a.beta2.powi(count));
                        *x -= RATE * a.weight_decay * *x;
                        *x -= RATE * m_hat / (v_hat.sqrt() + a.epsilon);
                    }
                    Optimizer::Adagrad(a) => {
                        m += g * g;
                        v = a.momentum * v - RATE * g / (m + a.epsilon).sqrt();
                        *x += v;
                    }
                }
            }
        }
        for (dtype, tolerance) in [(DType::F64, 1e-12), (DType::F32, 5e-6)] {
            let mut net = net(&cpu(), dtype);
            let mut state = OptimizerState::new(optimizer.clone(), &net);
            for t in 0..30 {
                net = step(net, &mut state, rows(t).as_deref(), None);
            }
            for (got, expected) in values(&net).iter().zip(&expected) {
                let far = (got - expected).abs() / expected.abs().max(1.0);
                assert!(far < tolerance, "{optimizer:?} {dtype:?}: {got} {expected}");
            }
        }
    }
}

#[test]
fn two_steps_of_one_row_by_hand() {
    // Oracle: by hand, gradients 0.5 and -1 on a weight of 1 at rate 0.1 (PyTorch's Adam gives the
    // same: 0.9 and 0.93661035). Adagrad: sums of squares 0.25 and 1.25. Row 0 has had 40 steps by
    // then, which must not shorten the first one of row 1.
    #[derive(Module, Debug)]
    struct One {
        x: Param<Tensor<2>>,
    }
    let golden = [
        (Optimizer::default(), [0.9, 0.936_610_35]),
        (Optimizer::Adagrad(Adagrad::default()), [0.900_000_2, 0.989_442_9]),
    ];
    for (optimizer, expected) in golden {
        let mut model = One { x: Param::from_tensor(Tensor::ones([2, 3], &cpu())) };
        let mut state = OptimizerState::new(optimizer.clone(), &model);
        let mut step = |mut model: One, row: u32, slope: f64| {
            let rows = gather(&model.x, &[row]);
            let gradients = (rows.tensor() * slope).sum().backward();
            let touched = vec![rows.into_touched()];
            model = state.step_with_rows(model, gradients, touched, 0.1, None).unwrap();
            let value = model.x.val().slice([1..2, 0..1]).into_scalar::<f32>();
            (model, f64::from(value))
        };
        for _ in 0..40 {
            model = step(model, 0, 1.0).0;
        }
        for (slope, expected) in [0.5, -1.0].into_iter().zip(expected) {
            let value;
            (model, value) = step(model, 1, slope);
            assert!((value - expected).abs() < 2e-7, "{optimizer:?}: {value} {expected}");
        }
    }
}

#[test]
fn rows_that_no_step_touches_keep_their_bytes() {
    // Oracle: the weights that went in. Row 6 is left out of every gathering; decay and momentum
    // have had something to work with from an earlier step over the whole table.
    for optimizer in optimizers() {
        for dtype in [DType::F32, DType::F64] {
            let mut net = net(&cpu(), dtype);
            let mut state = OptimizerState::new(optimizer.clone(), &net);
            net = step(net, &mut state, None, None);
            let before = values(&net);
            for t in 0..4 {
                net = step(net, &mut state, rows(t).as_deref(), None);
            }
            let after = values(&net);
            let row = 6 * WIDTH..7 * WIDTH;
            assert_eq!(after[row.clone()], before[row], "{optimizer:?} {dtype:?}");
            assert_eq!(after[ROWS * WIDTH + 6], before[ROWS * WIDTH + 6], "{optimizer:?}");
            assert_ne!(after[..6 * WIDTH], before[..6 * WIDTH], "the others move");
        }
    }
}

#[test]
fn a_saved_state_goes_on_bit_for_bit_with_its_clocks() {
    // Oracle: the run that was not interrupted.
    for optimizer in optimizers() {
        for dtype in [DType::F32, DType::F64] {
            let run = |stop: Option<usize>| {
                let mut net = net(&cpu(), dtype);
                let mut state = OptimizerState::new(optimizer.clone(), &net);
                for t in 0..12 {
                    if stop == Some(t) {
                        let bytes = state.to_bytes().unwrap();
                        state =
                            OptimizerState::from_bytes(optimizer.clone(), &net, &bytes).unwrap();
                        assert_eq!(bytes, state.to_bytes().unwrap(), "nothing is lost");
                    }
                    net = step(net, &mut state, rows(t).as_deref(), Some(2.0));
                }
                (values(&net), state.to_bytes().unwrap())
            };
            for stop in [3, 5] {
                assert_eq!(run(Some(stop)), run(None), "{optimizer:?} {dtype:?}");
            }
        }
    }
}

#[test]
fn counts_of_another_table_are_refused() {
    // Oracle: the file, whose counts are for seven rows.
    let model = net(&cpu(), DType::F32);
    let mut state = OptimizerState::new(Optimizer::default(), &model);
    let model = step(model, &mut state, Some(&[1, 2]), None);
    let bytes = state.to_bytes().unwrap();
    let mut other = model;
    other.bias = Param::from_data([0.0f32; 8], &cpu());
    let error = OptimizerState::from_bytes(Optimizer::default(), &other, &bytes).unwrap_err();
    let expected =
        "optimiser state does not fit the model: tensor \"bias/counts\" has another length";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn what_cannot_be_updated_is_an_error_that_names_the_parameter() {
    // Oracle: the rules of `embedding`.
    let refused = |touched: fn(&Net) -> (Tensor<1>, Vec<Touched>)| {
        let net = net(&cpu(), DType::F32);
        let mut state = OptimizerState::new(Optimizer::default(), &net);
        let (value, touched) = touched(&net);
        let gradients = value.backward();
        state.step_with_rows(net, gradients, touched, RATE, None).unwrap_err().to_string()
    };
    let twice = refused(|net| {
        let (one, two) = (gather(&net.table, &[0]), gather(&net.table, &[1]));
        let value = loss(one.tensor()) + loss(two.tensor());
        (value, vec![one.into_touched(), two.into_touched()])
    });
    let start = "rows of parameter \"table\" cannot be updated:";
    assert_eq!(twice, format!("{start} they were gathered twice in one step"));
    let both = refused(|net| {
        let one = gather(&net.table, &[0]);
        (loss(one.tensor()) + loss(net.table.val()), vec![one.into_touched()])
    });
    assert_eq!(both, format!("{start} it is also used as a whole in this step"));
    let foreign = refused(|net| {
        let other = Param::from_tensor(Tensor::<2>::ones([2, 2], &cpu()));
        let one = gather(&other, &[0]);
        (loss(one.tensor()) + loss(net.rest.val()), vec![one.into_touched()])
    });
    assert!(foreign.ends_with("the model has no parameter of this id"), "{foreign}");
    let infinite = refused(|net| {
        let one = gather(&net.table, &[0]);
        ((one.tensor() * 0.0).sqrt().sum(), vec![one.into_touched()])
    });
    assert!(infinite.contains("the gradient is not finite"), "{infinite}");
}

#[test]
fn rows_are_updated_in_place() {
    // Oracle: the addresses of the weights and of both moments; any copy of the table would have to
    // live beside it for a while, so elsewhere.
    let mut net = net(&cpu(), DType::F32);
    let mut state = OptimizerState::new(Optimizer::default(), &net);
    net = step(net, &mut state, Some(&[0]), None);
    let addresses = |net: &Net, state: &OptimizerState| {
        let Values::Host { first, second } = &state.slots["table"].values else { panic!("host") };
        (address(&net.table), first.as_ptr().addr(), second.as_ptr().addr())
    };
    let before = addresses(&net, &state);
    for t in 0..4 {
        net = step(net, &mut state, rows(t).as_deref(), Some(1.0));
        assert_eq!(addresses(&net, &state), before, "step {t} copied");
    }
    // What an epoch keeps costs one copy, at the step after it.
    let kept = net.valid();
    net = step(net, &mut state, Some(&[0]), None);
    let moved = addresses(&net, &state);
    assert_ne!(moved.0, before.0, "the kept weights are another's now");
    net = step(net, &mut state, Some(&[0]), None);
    assert_eq!(addresses(&net, &state), moved, "one copy, not one per step");
    drop(kept);
}

#[expect(deprecated, reason = "burn-ndarray is deprecated upstream")]
fn address(param: &Param<Tensor<2>>) -> usize {
    use burn_ndarray::{NdArray, NdArrayTensor};
    let primitive = param.val().inner().try_into_primitive::<NdArray>().unwrap();
    let NdArrayTensor::F32(storage) = primitive else { panic!("f32") };
    storage.view().as_ptr().addr()
}

#[test]
fn a_gathering_that_the_loss_does_not_use_changes_nothing() {
    // Oracle: the weights that went in, and a state without the table.
    let net = net(&cpu(), DType::F32);
    let before = values(&net);
    let mut state = OptimizerState::new(Optimizer::default(), &net);
    let rows = gather(&net.table, &[2, 3]);
    let gradients = loss(net.rest.val()).backward();
    let net = state.step_with_rows(net, gradients, vec![rows.into_touched()], RATE, None).unwrap();
    assert_eq!(values(&net)[..ROWS * (WIDTH + 1)], before[..ROWS * (WIDTH + 1)]);
    assert!(!state.slots.contains_key("table"), "its clock stands still");
}

#[test]
fn row_numbers_are_exact_as_tensors() {
    // Oracle: the numbers themselves.
    let numbers = row_numbers(&[0, 1 << 24 | 1, i32::MAX as u32], &cpu()).into_data();
    assert_eq!(numbers.iter::<i64>().collect::<Vec<_>>(), [0, 16_777_217, 2_147_483_647]);
}

#[cfg(feature = "wgpu")]
#[test]
fn rows_on_wgpu_move_as_on_ndarray() {
    // Oracle: ndarray.
    let wgpu = crate::device::open("wgpu").unwrap().autodiff();
    for optimizer in optimizers() {
        for clip in [None, Some(2.0)] {
            let run = |device: &Device| {
                let mut net = net(device, DType::F32);
                let mut state = OptimizerState::new(optimizer.clone(), &net);
                for t in 0..10 {
                    net = step(net, &mut state, rows(t).as_deref(), clip);
                }
                values(&net)
            };
            for (got, expected) in run(&wgpu).into_iter().zip(run(&cpu())) {
                assert!(
                    (got - expected).abs() < 1e-6 * expected.abs().max(1.0),
                    "{got} {expected}"
                );
            }
        }
    }
}
