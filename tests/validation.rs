//! Predictions against silicon: ten published points, each simulated as it was measured.
//!
//! `tests/data/measured/points.csv` has the points and, in its last column, the relative error that
//! a change must not exceed. The table of `docs/validation.md` is what this test prints:
//! `cargo test --release validation -- --nocapture`.

use memwall::cluster::{Load, Order, RunPlan, RunResult, Ways, simulate};
use memwall::cost::{Pricing, Stretch, TimeModel};
use memwall::des::Streams;
use memwall::hardware::{Catalog as Chips, Format};
use memwall::model::{Catalog as Models, Precision, Weights};
use memwall::serving::{Admission, Batching, Limits, Rules};
use memwall::units::significant;
use memwall::workload::Task;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Point {
    id: String,
    #[expect(dead_code, reason = "for readers of the file")]
    source: String,
    chip: String,
    model: String,
    weights: String,
    kv: Format,
    plan: String,
    engine: String,
    /// `offline`, or the concurrency of a closed loop.
    load: String,
    input: u32,
    output: u32,
    metric: String,
    value: f64,
    within: f64,
}

impl Point {
    fn is_offline(&self) -> bool {
        self.load == "offline"
    }

    /// Saturation benchmarks fix the lengths; closed loops draw them from 80–100 % of nominal.
    fn tasks(&self) -> Vec<Task> {
        if self.is_offline() {
            return vec![Task::of_call(self.input, self.output); 3000];
        }
        let mut lengths = Streams::new(1).named("lengths", 0);
        let mut draw =
            |nominal: u32| lengths.integer(u64::from(nominal) * 4 / 5, u64::from(nominal)) as u32;
        (0..200).map(|_| Task::of_call(draw(self.input), draw(self.output))).collect()
    }

    /// Offline runs queue everything at once with the limits that the benchmark tunes to; serving
    /// runs keep to the engines' defaults for such servers.
    fn limits(&self) -> Limits {
        let (max_batched_tokens, max_seqs) =
            if self.is_offline() { (8192, 2048) } else { (8192, 1024) };
        let engine = self.engine.parse().expect("an engine that is known");
        Limits {
            max_batched_tokens,
            max_seqs,
            page_tokens: 32,
            state_pages: 0,
            groups: 1,
            admission: Admission::shipped(engine),
            batching: Batching::shipped(engine),
            rules: Rules::default(),
        }
    }

    fn run(&self, model: TimeModel) -> RunResult {
        let chips = Chips::embedded();
        let served = Models::embedded().model(&self.model).expect("a shipped model");
        let weights = match self.weights.as_str() {
            "checkpoint" => Weights::Checkpoint,
            format => Weights::All(format.parse().expect("a number format")),
        };
        let order = Order {
            chip: chips.chip(&self.chip).expect("a shipped chip"),
            model: &served,
            plan: self.plan.parse().expect("a plan"),
            precision: Precision { weights, kv: self.kv },
            limits: self.limits(),
            pricing: Pricing { model, engine: self.engine.parse().expect("an engine") },
            stretch: Stretch::NONE,
            kv: None,
            longest: self.input + self.output,
            ways: Ways::default(),
        };
        let deployment = order.deploy().expect("it was measured, so it fits");
        let concurrency = self.load.parse().unwrap_or(u32::MAX);
        let plan = RunPlan::whole(Load::Closed { concurrency: concurrency.min(3000) });
        let tasks = self.tasks().into_iter();
        simulate(deployment.replica(None), tasks, plan, &mut |_| {})
    }

    fn predicted(&self, result: &RunResult) -> f64 {
        match self.metric.as_str() {
            "output_tok_s" => result.output_tok_s(),
            "tpot_ms" => result.tpot().expect("requests ended").mean,
            "ttft_ms" => result.ttft().expect("requests ended").mean,
            other => panic!("unknown metric {other}"),
        }
    }
}

#[test]
fn predictions_stay_as_near_to_silicon_as_they_were() {
    let mut reader = csv::Reader::from_path("tests/data/measured/points.csv").expect("the points");
    let points: Vec<Point> = reader.deserialize().map(|row| row.expect("a point")).collect();
    assert_eq!(points.len(), 13);
    println!("| point | chip, plan, model | load | metric | measured | calibrated | roofline |");
    println!("|---|---|---|---|---|---|---|");
    let mut worse = Vec::new();
    for point in &points {
        let [ours, roofline] = [TimeModel::Calibrated, TimeModel::Roofline]
            .map(|model| point.predicted(&point.run(model)));
        let [error, naive] = [ours, roofline].map(|predicted| predicted / point.value - 1.0);
        let Point { id, chip, plan, model, load, input, output, metric, value, .. } = point;
        println!(
            "| {id} | {chip}, {plan}, {model} | {load}, {input}/{output} | {metric} | {value} \
             | {} ({:+.0} %) | {} ({:+.0} %) |",
            significant(ours, 4),
            error * 100.0,
            significant(roofline, 4),
            naive * 100.0,
        );
        if error.abs() > point.within {
            worse.push(format!("{} {}: {:+.1} %", point.id, point.metric, error * 100.0));
        }
    }
    assert!(worse.is_empty(), "further from silicon than recorded: {worse:?}");
}
