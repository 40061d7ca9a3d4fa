//! A user's program: burn with its default features beside ensue on wgpu.

use burn::tensor::Tensor;
use ensue::nn::{
    device,
    recurrent::{Cell, RecurrentLayer},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sweep = |name: &str| -> Result<Vec<f32>, Box<dyn std::error::Error>> {
        let device = device::open(name)?;
        let layer = RecurrentLayer::new(Cell::Lstm, 5, 7, ensue::core::Seed(1), &device);
        let (h, _) = layer.forward(Tensor::ones([3, 11, 5], &device), None, None);
        Ok(h.into_data().try_into_vec::<f32>()?)
    };
    let (cpu, gpu) = (sweep("ndarray")?, sweep("wgpu")?);
    let worst = cpu.iter().zip(&gpu).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    if worst > 1e-5 {
        return Err(format!("wgpu and ndarray differ by {worst}").into());
    }
    Ok(())
}
