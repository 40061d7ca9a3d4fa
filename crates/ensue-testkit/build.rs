//! Sets the cfg `ensue_datasets` when the environment names the folder of real data.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(ensue_datasets)");
    println!("cargo::rerun-if-env-changed=ENSUE_DATASETS");
    if std::env::var_os("ENSUE_DATASETS").is_some_and(|folder| !folder.is_empty()) {
        println!("cargo::rustc-cfg=ensue_datasets");
    }
}
