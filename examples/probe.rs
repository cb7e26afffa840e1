//! scratch
use memwall::cluster::*;
use memwall::cost::*;
use memwall::hardware::*;
use memwall::model::{Catalog as Models, Plan, Precision, Weights};
use memwall::serving::Limits;
use memwall::units::*;
use memwall::workload::*;
fn main() {
    let t0 = std::time::Instant::now();
    let catalog = memwall::hardware::Catalog::embedded();
    println!("catalog {:?}", t0.elapsed());
    let model = Models::embedded().model("llama-3.1-70b").unwrap();
    println!("model {:?}", t0.elapsed());
    let wl =
        Synthetic::embedded("agentic-coding").unwrap().with_longest_human_gap(Seconds::new(3600.0));
    let tasks = wl.tasks(0, 64, model.context).unwrap();
    let n: u32 = std::env::args().nth(1).map_or(1024, |a| a.parse().unwrap());
    let pool = TaskPool::generated(tasks, n);
    println!("pool {:?}", t0.elapsed());
    let terms = Terms {
        drive: Drive::Best,
        seed: 0,
        slo: Slo { ttft_ms_p99: 10_000.0, tpot_ms_p50: 50.0 },
        pool: &pool,
        length: TrialLength {
            warmup: SimSpan::from_ms(120_000),
            horizon: SimSpan::from_ms(7_200_000),
            requests: 1500,
        },
        ttl: None,
    };
    for chip in catalog.ladder() {
        for tp in [1, 2, 4, 8] {
            let t = std::time::Instant::now();
            let w = chip.native_weights();
            let order = Order {
                chip,
                model: &model,
                plan: Plan::tp(tp),
                precision: Precision { weights: Weights::All(w), kv: Format::Fp8 },
                limits: Limits {
                    max_batched_tokens: 2048,
                    max_seqs: 256,
                    page_tokens: 64,
                    state_pages: 0,
                },
                pricing: Pricing::default(),
                kv: None,
                longest: model.context,
            };
            match best_of_plan(&order, &terms) {
                Ok(b) => {
                    let r = &b.result;
                    let tt = r.ttft().unwrap();
                    let tp_ = r.tpot().unwrap();
                    let sh = r.time().shares();
                    let dsh = r.meter.decode.shares();
                    println!(
                        "{} tp{tp} {w}: N={:?} tok/s/gpu {:.1} ttft {:.0}/{:.0} tpot {:.1} hit {:.3} batch {:.1} win {:.0}s steps {} kvtok {:.2}M preempt {} | comp {:.2} bw {:.2} cap {:.2} ic {:.2} lat {:.2} host {:.2} idle {:.2} | dec comp {:.2} bw {:.2} ic {:.2} lat {:.2} host {:.2}  [{:?}]",
                        chip.name,
                        b.concurrency,
                        b.output_tok_s_per_gpu,
                        tt.p50,
                        tt.p99,
                        tp_.p50,
                        r.hit_rate().unwrap_or(0.0),
                        r.meter.itl.count() as f64 / r.meter.steps as f64,
                        r.window.seconds().get(),
                        r.meter.steps,
                        b.deployment.kv_tokens() as f64 / 1e6,
                        r.meter.preempted,
                        sh[0],
                        sh[1],
                        sh[2],
                        sh[3],
                        sh[4],
                        sh[5],
                        sh[6],
                        dsh[0],
                        dsh[1],
                        dsh[3],
                        dsh[4],
                        dsh[5],
                        t.elapsed()
                    );
                }
                Err(e) => println!("{} tp{tp}: {e} [{:?}]", chip.name, t.elapsed()),
            }
        }
    }
    println!("total {:?}", t0.elapsed());
}
