use super::*;
use crate::conformance::Conformance;

impl Conformance for Ets {}
