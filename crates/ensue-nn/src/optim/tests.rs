//! The update rules against scalar recursions in f64, written out again from the papers' formulas.

use burn::module::{Module, Param, ParamId};
use burn::tensor::{DType, Device, FloatDType, Tensor};

use super::*;

#[derive(Module, Debug)]
struct Pair {
    a: Param<Tensor<2>>,
    b: Param<Tensor<1>>,
}

const STEPS: usize = 50;
const RATE: f64 = 0.05;

fn device() -> Device {
    crate::device::open("ndarray").unwrap().autodiff()
}

/// Eleven weights: more than one SIMD register, and not a multiple of one.
fn start() -> Vec<f64> {
    (0..11).map(|i| f64::from(i) * 0.3 - 1.2).collect()
}

fn pair(dtype: FloatDType) -> Pair {
    let values = start();
    let tensor = |from: usize, to: usize| {
        Tensor::<1>::from_data(&values[from..to], (&device(), DType::F64)).cast(dtype)
    };
    Pair {
        a: Param::from_tensor(tensor(0, 6).reshape([2, 3])),
        b: Param::from_tensor(tensor(6, 11)),
    }
}

/// `sum(x^4) / 4 + x`, so that the gradient is `x^3 + 1`.
fn loss(model: &Pair) -> Tensor<1> {
    let one = |x: Tensor<1>| (x.clone().powi_scalar(4) * 0.25 + x).sum();
    one(model.a.val().reshape([-1])) + one(model.b.val())
}

fn gradient(x: f64) -> f64 {
    x.powi(3) + 1.0
}

fn values(model: &Pair) -> Vec<f64> {
    let mut all = model.a.val().inner().into_data().iter::<f64>().collect::<Vec<_>>();
    all.extend(model.b.val().inner().into_data().iter::<f64>());
    all
}

fn train(optimizer: &Optimizer, clip: Option<f64>, dtype: FloatDType) -> Vec<f64> {
    let mut model = pair(dtype);
    let mut state = OptimizerState::new(optimizer.clone(), &model);
    for _ in 0..STEPS {
        let gradients = loss(&model).backward();
        model = state.step(model, gradients, RATE, clip).unwrap();
    }
    values(&model)
}

/// The same in f64: `update(weights, gradients, step from 1)` once per step.
fn recursion(clip: Option<f64>, mut update: impl FnMut(&mut [f64], &[f64], i32)) -> Vec<f64> {
    let mut x = start();
    for t in 1..=STEPS as i32 {
        let mut g: Vec<f64> = x.iter().map(|&x| gradient(x)).collect();
        let norm = g.iter().map(|g| g * g).sum::<f64>().sqrt();
        if let Some(clip) = clip.filter(|&clip| norm > clip) {
            for g in &mut g {
                *g *= clip / norm;
            }
        }
        update(&mut x, &g, t);
    }
    x
}

/// Both implementations: host slices (f32) and tensor operations (f64 turns the host path off).
fn agree(optimizer: &Optimizer, clip: Option<f64>, expected: &[f64]) {
    let far = |got: Vec<f64>| {
        assert_eq!(got.len(), expected.len());
        got.iter().zip(expected).map(|(g, e)| (g - e).abs() / e.abs().max(1.0)).fold(0.0, f64::max)
    };
    let tensors = far(train(optimizer, clip, FloatDType::F64));
    assert!(tensors < 1e-12, "tensor path in f64 is off by {tensors}");
    // 50 steps of f32 rounding at 6e-8 each.
    let host = far(train(optimizer, clip, FloatDType::F32));
    assert!(host < 5e-6, "host path in f32 is off by {host}");
}

#[test]
fn adam_follows_its_recursion() {
    for (decay, clip) in [(0.0, None), (0.1, None), (0.0, Some(2.0))] {
        let settings = Adam { beta1: 0.8, beta2: 0.95, epsilon: 1e-8, weight_decay: decay };
        let Adam { beta1, beta2, epsilon, .. } = settings;
        let (mut m, mut v) = (vec![0.0; 11], vec![0.0; 11]);
        // Oracle: Kingma and Ba 2015, algorithm 1; decay as in Loshchilov and Hutter 2019.
        let expected = recursion(clip, |x, g, t| {
            for i in 0..x.len() {
                m[i] = beta1 * m[i] + (1.0 - beta1) * g[i];
                v[i] = beta2 * v[i] + (1.0 - beta2) * g[i] * g[i];
                let m_hat = m[i] / (1.0 - beta1.powi(t));
                let v_hat: f64 = v[i] / (1.0 - beta2.powi(t));
                x[i] -= RATE * decay * x[i];
                x[i] -= RATE * m_hat / (v_hat.sqrt() + epsilon);
            }
        });
        agree(&Optimizer::Adam(settings), clip, &expected);
    }
}

#[test]
fn adagrad_follows_its_recursion() {
    for (momentum, clip) in [(0.0, None), (0.4, None), (0.4, Some(2.0))] {
        let settings = Adagrad { epsilon: 1e-6, momentum };
        let (mut sum, mut velocity) = (vec![0.0f64; 11], vec![0.0; 11]);
        // Oracle: Duchi et al. 2011 with epsilon inside the root and classical momentum.
        let expected = recursion(clip, |x, g, _| {
            for i in 0..x.len() {
                sum[i] += g[i] * g[i];
                velocity[i] = momentum * velocity[i] - RATE * g[i] / (sum[i] + 1e-6).sqrt();
                x[i] += velocity[i];
            }
        });
        agree(&Optimizer::Adagrad(settings), clip, &expected);
    }
}

#[test]
fn first_steps_by_hand() {
    // Oracle: by hand. The first step of both is -lr g / |g|, up to epsilon, whatever the length of
    // g: only its sign is left, and clipping changes nothing.
    let expected: Vec<f64> = start().into_iter().map(|x| x - 0.5 * gradient(x).signum()).collect();
    for optimizer in [Optimizer::Adam(Adam::default()), Optimizer::Adagrad(Adagrad::default())] {
        for clip in [None, Some(5.0)] {
            let model = pair(FloatDType::F32);
            let mut state = OptimizerState::new(optimizer.clone(), &model);
            let gradients = loss(&model).backward();
            let model = state.step(model, gradients, 0.5, clip).unwrap();
            for (got, expected) in values(&model).iter().zip(&expected) {
                assert!((got - expected).abs() < 1e-3, "{optimizer:?}: {got} {expected}");
            }
        }
    }
}

#[test]
fn a_parameter_without_a_gradient_stays_and_its_clock_stands_still() {
    // Oracle: a run in which the other parameter's steps never happened.
    let b_only = |model: &Pair| model.b.val().powi_scalar(2).sum();
    for dtype in [FloatDType::F32, FloatDType::F64] {
        let mut model = pair(dtype);
        let mut state = OptimizerState::new(Optimizer::default(), &model);
        for _ in 0..7 {
            let gradients = b_only(&model).backward();
            model = state.step(model, gradients, RATE, None).unwrap();
        }
        assert_eq!(values(&model)[..6], values(&pair(dtype))[..6]);
        let gradients = loss(&model).backward();
        model = state.step(model, gradients, RATE, None).unwrap();
        let mut fresh = pair(dtype);
        let mut state = OptimizerState::new(Optimizer::default(), &fresh);
        let gradients = loss(&fresh).backward();
        fresh = state.step(fresh, gradients, RATE, None).unwrap();
        assert_eq!(values(&model)[..6], values(&fresh)[..6]);
    }
}

#[test]
fn a_saved_state_goes_on_bit_for_bit() {
    // Oracle: the run that was not interrupted.
    let optimizers = [
        Optimizer::Adam(Adam::default()),
        Optimizer::Adagrad(Adagrad::default()),
        Optimizer::Adagrad(Adagrad { momentum: 0.4, ..Adagrad::default() }),
    ];
    for optimizer in optimizers {
        for dtype in [FloatDType::F32, FloatDType::F64] {
            let mut model = pair(dtype);
            let mut state = OptimizerState::new(optimizer.clone(), &model);
            for step in 0..10 {
                if step == 5 {
                    let bytes = state.to_bytes().unwrap();
                    assert_eq!(bytes, state.to_bytes().unwrap(), "equal states, equal bytes");
                    state = OptimizerState::from_bytes(optimizer.clone(), &model, &bytes).unwrap();
                    assert_eq!(bytes, state.to_bytes().unwrap(), "nothing is lost");
                }
                let gradients = loss(&model).backward();
                model = state.step(model, gradients, RATE, Some(2.0)).unwrap();
            }
            let mut straight = pair(dtype);
            let mut state = OptimizerState::new(optimizer.clone(), &straight);
            for _ in 0..10 {
                let gradients = loss(&straight).backward();
                straight = state.step(straight, gradients, RATE, Some(2.0)).unwrap();
            }
            assert_eq!(values(&model), values(&straight), "{optimizer:?}");
        }
    }
}

#[test]
fn a_state_of_something_else_is_refused_by_name() {
    // Oracle: the tensor that was tampered with or cannot fit.
    let mut model = pair(FloatDType::F32);
    let mut state = OptimizerState::new(Optimizer::default(), &model);
    let gradients = loss(&model).backward();
    model = state.step(model, gradients, RATE, None).unwrap();
    let bytes = state.to_bytes().unwrap();
    let error = |optimizer: &Optimizer, model: &Pair, bytes: &[u8]| {
        OptimizerState::from_bytes(optimizer.clone(), model, bytes).unwrap_err().to_string()
    };
    let fits = "optimiser state does not fit the model: tensor";
    let mut longer = pair(FloatDType::F32);
    longer.b = Param::from_data([0.0f32; 6], &device());
    assert_eq!(
        error(&Optimizer::default(), &longer, &bytes),
        format!("{fits} \"b/first\" has another length")
    );
    assert_eq!(
        error(&Optimizer::default(), &pair(FloatDType::F64), &bytes),
        format!("{fits} \"a/first\" has another type")
    );
    for length in 0..bytes.len() {
        let cut = OptimizerState::from_bytes(Optimizer::default(), &model, &bytes[..length]);
        assert!(matches!(cut, Err(OptimizerError::Malformed { .. })), "{length}");
    }
    let adagrad = Optimizer::Adagrad(Adagrad::default());
    let mut state = OptimizerState::new(adagrad, &model);
    let gradients = loss(&model).backward();
    model = state.step(model, gradients, RATE, None).unwrap();
    let bytes = state.to_bytes().unwrap();
    assert_eq!(
        error(&Optimizer::default(), &model, &bytes),
        format!("{fits} \"a/second\" is missing")
    );
}

#[test]
fn a_gradient_that_is_not_finite_is_refused() {
    // Oracle: d sqrt(x) / dx is infinite at 0.
    let model = Pair {
        a: Param::from_data([[1.0f32]], &device()),
        b: Param::from_data([0.0f32], &device()),
    };
    let loss = model.b.val().sqrt().sum() + model.a.val().reshape([-1]).sum();
    let mut state = OptimizerState::new(Optimizer::default(), &model);
    let error = state.step(model, loss.backward(), RATE, None).unwrap_err();
    assert!(matches!(error, OptimizerError::NonFinite { .. }), "{error}");
}

#[test]
fn the_host_path_updates_in_place() {
    // Oracle: the address of the buffer; a copy per step would double the traffic.
    #[derive(Module, Debug)]
    struct One {
        x: Param<Tensor<1>>,
    }
    let mut data = Tensor::<1>::full([4096], 0.5, &device()).inner().into_data();
    let address = data.as_bytes().as_ptr();
    let mut state = None;
    for step in 0..4 {
        let tensor = Tensor::<1>::from_data(data, &device());
        let model = One { x: Param::initialized(ParamId::new(), tensor.require_grad()) };
        let gradients = model.x.val().powi_scalar(2).sum().backward();
        let state = state.get_or_insert_with(|| OptimizerState::new(Optimizer::default(), &model));
        let model = state.step(model, gradients, RATE, None).unwrap();
        data = model.x.into_value().inner().into_data();
        assert_eq!(data.as_bytes().as_ptr(), address, "step {step} copied the weights");
    }
}
