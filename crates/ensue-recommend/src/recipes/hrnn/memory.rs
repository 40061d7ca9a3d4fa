//! What a user's history leaves behind: the state that the next event goes on from.

use burn::tensor::{Tensor, TensorData};
use ensue_nn::recurrent::State as Recurrent;

use super::{
    fitted::FittedHrnn,
    infer::{Asked, values},
    repeat::Seen,
};
use crate::Query;

/// State after a history.
#[derive(Debug, Clone)]
pub(super) struct Remembered {
    /// `[hidden]`
    pub(super) session: Vec<f32>,
    /// `[hidden]`: of the network over sessions; zeros without one.
    user: Vec<f32>,
    /// `[hidden]`: sum of the states after each event, where answers want it; else zeros.
    pub(super) sum: Vec<f32>,
    pub(super) seen: Seen,
}

impl Remembered {
    /// What is remembered of the whole history of a query.
    pub(super) fn whole<'a>(query: &Query<'a>) -> Option<&'a Self> {
        let memory = query.memory.filter(|memory| memory.events == query.history.len())?;
        memory.state.downcast_ref()
    }

    /// Reads a history, from where the query's memory ends.
    pub(super) fn of(model: &FittedHrnn, query: &Query<'_>) -> Self {
        let asked = model.asked(query);
        let beginning = query.memory.filter(|memory| memory.events <= query.history.len());
        let known = beginning
            .and_then(|memory| Some((memory.events, memory.state.downcast_ref::<Self>()?.clone())));
        let Some((events, mut remembered)) = known else {
            let states = model.inference().states(&[&asked]);
            return Self {
                session: values(states.session),
                user: values(states.user),
                sum: values(states.sum),
                seen: Seen::of(query.history, model.coder()),
            };
        };
        for at in events..query.history.len() {
            remembered.step(model, &asked, at);
        }
        remembered
    }

    /// Goes on by event `at`.
    fn step(&mut self, model: &FittedHrnn, asked: &Asked<'_>, at: usize) {
        let (history, device) = (asked.history, model.device());
        let hidden = self.session.len();
        let row = |values: &[f32]| {
            Tensor::<2>::from_data(TensorData::new(values.to_vec(), [1, hidden]), device)
        };
        let mut first = row(&self.session);
        if let Some(level) = &model.network().user
            && model.coder().starts_session(history, at)
        {
            let mut user = row(&self.user);
            if at > 0 {
                user = level.advance(first, user);
            }
            first = level.start(user.clone());
            self.user = values(user);
        }
        let event = at..at + 1;
        let x = model
            .inference()
            .inputs(&[asked], std::slice::from_ref(&event), 1)
            .reshape([1, hidden]);
        let mut states = [Recurrent { h: first, c: None }];
        self.session = values(model.decoder.step(x, &mut states));
        if model.inference().mean {
            self.sum.iter_mut().zip(&self.session).for_each(|(sum, state)| *sum += state);
        }
        self.seen.push(history, at, model.coder());
    }
}
