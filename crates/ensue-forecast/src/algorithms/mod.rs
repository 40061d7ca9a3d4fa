//! One folder for each algorithm, and the registry that knows them all.
