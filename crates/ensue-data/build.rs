//! Sets `cfg(ensue_datasets)` when the folder of real data is named, so that tests that need it say so otherwise.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(ensue_datasets)");
    println!("cargo::rerun-if-env-changed=ENSUE_DATASETS");
    if std::env::var_os("ENSUE_DATASETS").is_some_and(|folder| !folder.is_empty()) {
        println!("cargo::rustc-cfg=ensue_datasets");
    }
}
