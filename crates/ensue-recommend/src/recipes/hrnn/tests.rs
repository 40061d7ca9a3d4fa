//! What is special about HRNN; what every recipe must do is in the conformance suite.
