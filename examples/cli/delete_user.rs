//! `ensue recommend delete-user`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::AnyError;
use crate::serve::Served;

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("from").required(true).multiple(true).args(["log", "out"])))]
pub(crate) struct DeleteUserOptions {
    #[command(flatten)]
    served: Served,
    /// User id.
    #[arg(long, value_name = "ID")]
    user: String,
    /// Directory for a version without the user; replaces one that is there.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

pub(crate) fn delete_user(options: &DeleteUserOptions) -> Result<(), AnyError> {
    if let Some(out) = &options.out {
        // A place that cannot be written is told before anything is deleted.
        drop(ensue::core::ArtifactWriter::create(out)?);
    }
    let campaign = options.served.campaign()?;
    let known = campaign.delete_user(&options.user)?;
    campaign.sync()?;
    if let Some(out) = &options.out {
        campaign.version().without_users(&[&options.user]).save(out)?;
    }
    if options.json {
        println!("{}", json!({"user_id": options.user, "known": known, "version": options.out}));
        return Ok(());
    }
    if !known {
        println!("nothing was known of this user");
    } else if let Some(log) = &options.served.log {
        println!("deleted from {}", log.display());
    }
    if let Some(out) = &options.out {
        println!("a version without the user is saved in {}", out.display());
    }
    Ok(())
}
