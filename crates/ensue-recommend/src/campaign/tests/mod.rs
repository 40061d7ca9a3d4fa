//! What campaigns do, by topic.

mod basics;
