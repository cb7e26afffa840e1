//! `memwall sweep submit`: scripts for clusters, over the same shards.

use std::path::{Path, PathBuf};

use clap::Args;

use super::job::Job;
use crate::cli::{CliError, Exit, Shell};

const EXAMPLES: &str = "\
Examples:
  memwall sweep submit sweep.toml --out results/ --shards 20 --slurm | sbatch
  memwall sweep submit sweep.toml --out results/ --shards 20 --kubernetes | kubectl apply -f -";

/// Flags of `sweep submit`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Submit {
    /// The sweep, as the cluster's machines see it
    #[arg(value_name = "SPEC.toml")]
    spec: PathBuf,
    /// The results' folder, as the cluster's machines see it
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Into how many shards to cut the sweep
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    shards: u32,
    /// An array script for Slurm's sbatch
    #[arg(long, required_unless_present = "kubernetes", conflicts_with = "kubernetes")]
    slurm: bool,
    /// An Indexed Job for Kubernetes
    #[arg(long)]
    kubernetes: bool,
    /// Cores of each shard
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    cores: u16,
    /// The program on the cluster's machines
    #[arg(long, value_name = "PATH", default_value = "memwall")]
    program: String,
    /// Container image that holds the program, for --kubernetes
    #[arg(long, value_name = "IMAGE", default_value = "memwall:latest")]
    image: String,
    /// Volume claim that holds spec and results, mounted at /sweep, for --kubernetes
    #[arg(long, value_name = "CLAIM", default_value = "memwall-sweep")]
    claim: String,
}

impl Submit {
    /// Runs it.
    pub(super) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        // On Kubernetes the spec is looked for in the claim, which this machine need not see.
        let name = if self.slurm || self.spec.is_file() {
            let job = Job::open(&self.spec, shell)?;
            if u64::from(self.shards) > job.parts() {
                shell.warn(format!(
                    "the sweep has {} parts, so that some of the {} shards are empty; give \
                     `part-points` in its file",
                    job.parts(),
                    self.shards
                ));
            }
            job.name().to_owned()
        } else {
            "sweep".to_owned()
        };
        let name: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        shell.text(if self.slurm { self.slurm(&name) } else { self.kubernetes(&name) })?;
        Ok(Exit::Done)
    }

    /// The command of one shard; paths that are not absolute are below `folder`.
    fn sweep(&self, folder: &str, index: &str) -> String {
        let path = |path: &Path| {
            let folder = if path.is_absolute() { "" } else { folder };
            quoted(&format!("{folder}{}", path.display()))
        };
        format!(
            "{} sweep {} --out {} --shard \"{index}/{}\" --threads {} --quiet",
            quoted(&self.program),
            path(&self.spec),
            path(&self.out),
            self.shards,
            self.cores
        )
    }

    fn slurm(&self, name: &str) -> String {
        format!(
            "#!/bin/bash\n\
             # One task a shard. A task whose node dies is queued again and goes on where it was;\n\
             # when all are done: {program} sweep merge {out}\n\
             #SBATCH --job-name=memwall-{name}\n\
             #SBATCH --array=0-{last}\n\
             #SBATCH --requeue\n\
             #SBATCH --open-mode=append\n\
             #SBATCH --output=memwall-%A_%a.log\n\
             #SBATCH --ntasks=1\n\
             #SBATCH --cpus-per-task={cores}\n\
             exec {sweep}\n",
            program = self.program,
            out = quoted(&self.out.display().to_string()),
            last = self.shards - 1,
            cores = self.cores,
            sweep = self.sweep("", "$SLURM_ARRAY_TASK_ID"),
        )
    }

    fn kubernetes(&self, name: &str) -> String {
        let command = self.sweep("/sweep/", "$JOB_COMPLETION_INDEX");
        let command = serde_json::to_string(&command).expect("a text is JSON");
        let name = name.to_ascii_lowercase();
        let (shards, cores) = (self.shards, self.cores);
        let (image, claim) = (&self.image, &self.claim);
        format!(
            "# One pod a shard. A pod that is lost is started again and goes on where it was;\n\
             # exit code 2, a spec that cannot be used, is not tried again.\n\
             apiVersion: batch/v1\n\
             kind: Job\n\
             metadata:\n\
             \x20 name: memwall-{name}\n\
             spec:\n\
             \x20 completionMode: Indexed\n\
             \x20 completions: {shards}\n\
             \x20 parallelism: {shards}\n\
             \x20 backoffLimitPerIndex: 3\n\
             \x20 podFailurePolicy:\n\
             \x20   rules:\n\
             \x20     - action: FailIndex\n\
             \x20       onExitCodes:\n\
             \x20         containerName: sweep\n\
             \x20         operator: In\n\
             \x20         values: [2]\n\
             \x20     - action: Ignore\n\
             \x20       onPodConditions:\n\
             \x20         - type: DisruptionTarget\n\
             \x20           status: \"True\"\n\
             \x20 template:\n\
             \x20   spec:\n\
             \x20     restartPolicy: Never\n\
             \x20     containers:\n\
             \x20       - name: sweep\n\
             \x20         image: {image}\n\
             \x20         command: [\"/bin/sh\", \"-c\", {command}]\n\
             \x20         resources:\n\
             \x20           requests:\n\
             \x20             cpu: \"{cores}\"\n\
             \x20         volumeMounts:\n\
             \x20           - name: sweep\n\
             \x20             mountPath: /sweep\n\
             \x20     volumes:\n\
             \x20       - name: sweep\n\
             \x20         persistentVolumeClaim:\n\
             \x20           claimName: {claim}\n"
        )
    }
}

/// A word for the shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
