//! From a model, a plan and a precision to the operators of a forward pass.

use crate::hardware::Format;
use crate::model::{
    Collective, CollectiveKind, Dense, Experts, FeedForward, Group, Layer, Model, Moe, Op, OpKind,
    Plan, PlanError, Precision, Rows, Spread, Weight, blocks,
};

use super::builder::{ACTIVATION, Builder};
use super::dag::{Graph, compile};

/// The operator graph of one forward pass on one rank, or why the model does not divide so.
///
/// Collectives follow what serving engines do. Tensor parallelism sums after the mixer and after
/// the feed-forward part, and after the embedding look-up. Without attention-DP every rank sees
/// every token, so experts need no exchange, only the sum. With it, or with context parallelism,
/// experts over `ep` ranks take tokens by dispatch and return them by combine; experts that all
/// ranks share in slices (`ep` = 1) gather all tokens first and scatter the sums. Context
/// parallelism adds to attention what its groups pass on, see [`Ring`](crate::model::Ring).
pub fn forward(model: &Model, plan: &Plan, precision: &Precision) -> Result<Graph, PlanError> {
    model.check_plan(plan)?;
    let mut builder = Builder::new(model, plan, precision);
    builder.embed();
    builder.layers(&model.layers);
    for boundary in 1..plan.pp {
        builder.send(boundary);
    }
    builder.head();
    Ok(builder.graph)
}

/// The operators of each pipeline stage, first stage first, each on one of its ranks: its layers,
/// the embedding before the first, the hand-over behind all but the last, which has the output
/// projection. Together they are those of [`forward`].
pub fn stages(
    model: &Model,
    plan: &Plan,
    precision: &Precision,
) -> Result<Vec<Vec<Op>>, PlanError> {
    model.check_plan(plan)?;
    let stage = |stage: u32| {
        let mut builder = Builder::new(model, plan, precision);
        if stage == 0 {
            builder.embed();
        }
        builder.layers(&model.layers[plan.stage(stage, model.layers.len())]);
        if stage + 1 < plan.pp {
            builder.send(stage + 1);
        } else {
            builder.head();
        }
        compile(&builder.graph)
    };
    Ok((0..plan.pp).map(stage).collect())
}

impl Builder<'_> {
    fn embed(&mut self) {
        // A row of the table is read, and written as an activation.
        self.elementwise("embed", 2 * self.model.width());
        self.all_reduce("embed.reduce");
        self.residual = self.last;
    }

    /// Equal layers once, with their counts.
    fn layers(&mut self, layers: &[Layer]) {
        for block in blocks(layers) {
            self.count = block.count;
            self.layer(block.layer);
        }
    }

    /// Hands activations over to the pipeline stage `to`.
    fn send(&mut self, to: u32) {
        self.count = 1;
        let bytes = self.model.width() as f64 * ACTIVATION;
        let first = to * self.plan.ranks_per_stage();
        let send = Collective {
            kind: CollectiveKind::Send,
            ranks: first,
            bytes_per_token: bytes,
            rows: Rows::Tokens,
        };
        self.push("pipeline.send", self.plan.spread(), OpKind::Collective(send));
    }

    fn layer(&mut self, layer: &Layer) {
        let hidden = self.model.width();
        self.gemms(layer, layer.join(hidden).as_slice());
        if let Some(mixer) = &layer.mixer {
            self.norm("mixer.norm", layer);
            self.gemms(layer, &mixer.inputs(hidden));
            for (name, kind) in mixer.cores(self.plan.tp, self.precision.kv) {
                let core = kind.clone();
                self.push(name, self.plan.spread(), kind);
                self.ring(&core);
            }
            self.gemms(layer, &mixer.outputs(hidden));
            self.all_reduce("mixer.reduce");
        }
        match &layer.feed_forward {
            Some(FeedForward::Dense(dense)) => {
                self.norm("mlp.norm", layer);
                let weights = dense.weights(hidden, Group::Dense, ["mlp.up", "mlp.down"]);
                self.dense(layer, *dense, &weights, "mlp.act");
                self.all_reduce("mlp.reduce");
            }
            Some(FeedForward::Experts(experts)) => {
                self.norm("moe.norm", layer);
                self.experts(layer, experts);
            }
            None => {}
        }
    }

    /// Two products with the activation between them.
    fn dense(&mut self, layer: &Layer, dense: Dense, weights: &[Weight], act: &str) {
        let inter = u64::from(dense.inter / self.plan.tp);
        self.gemms(layer, &weights[..1]);
        self.elementwise(act, inter * if dense.gated { 3 } else { 2 });
        self.gemms(layer, &weights[1..]);
    }

    /// Routed experts with their exchange, and shared experts beside them.
    fn experts(&mut self, layer: &Layer, experts: &Experts) {
        let hidden = self.model.width();
        let (plan, start) = (*self.plan, self.last);
        self.gemms(layer, &experts.before(hidden));
        let format = self.model.format(layer, Group::Experts, *self.precision);
        let moe = Moe {
            hidden: experts.width(hidden) as u32,
            inter: experts.each.inter / plan.ranks_per_expert(),
            experts: experts.experts,
            top_k: experts.top_k,
            ep: plan.ep,
            redundant: plan.redundant,
            gated: experts.each.gated,
            weights: format,
            dispatched: plan.groups() > 1 && plan.ep > 1,
        };
        // A token is sent once to each rank that holds some of its experts.
        let copies = f64::from(moe.ep) * moe.received();
        let exchange = Exchange { plan, width: experts.width(hidden), copies };
        exchange.before(self, format);
        self.push("moe.experts", Spread::NONE, OpKind::Moe(moe));
        exchange.after(self);
        self.gemms(layer, experts.after(hidden).as_slice());
        if let Some(shared) = experts.shared {
            let routed = self.last;
            self.last = start;
            self.dense(layer, shared, &experts.shared(hidden), "moe.shared_act");
            if plan.groups() > 1 {
                // The routed sum is complete by now, so these partial sums need their own.
                self.all_reduce("moe.shared_reduce");
            }
            let node = self.elementwise("moe.add", 3 * hidden);
            self.join(node, routed);
        }
        if plan.groups() == 1 {
            self.all_reduce("moe.reduce");
        }
    }
}

/// How tokens reach the ranks that hold their experts, where groups have tokens of their own.
struct Exchange {
    plan: Plan,
    width: u64,
    /// Ranks that a token is sent to, on average.
    copies: f64,
}

impl Exchange {
    fn before(&self, builder: &mut Builder, format: Format) {
        let ep = self.plan.ep;
        if self.plan.groups() == 1 {
            return;
        }
        let all = (self.plan.ranks_per_stage(), Spread::NONE);
        let whole = self.width as f64;
        if ep == 1 {
            builder.collective("moe.gather", CollectiveKind::AllGather, all, whole * ACTIVATION);
        } else {
            let bytes = whole * dispatch_bytes(format) * self.copies;
            builder.collective("moe.dispatch", CollectiveKind::Dispatch, (ep, Spread::NONE), bytes);
        }
    }

    fn after(&self, builder: &mut Builder) {
        let Plan { tp, ep, .. } = self.plan;
        if self.plan.groups() == 1 {
            return;
        }
        let all = (self.plan.ranks_per_stage(), Spread::NONE);
        let bytes = self.width as f64 * ACTIVATION;
        if ep == 1 {
            builder.collective("moe.scatter", CollectiveKind::ReduceScatter, all, bytes);
        } else {
            let copies = bytes * self.copies;
            builder.collective("moe.combine", CollectiveKind::Combine, (ep, Spread::NONE), copies);
        }
        // Each token came back to one rank of its group.
        builder.collective("moe.share", CollectiveKind::AllGather, (tp, self.plan.spread()), bytes);
    }
}

/// Bytes of one dispatched activation: 8 bits where experts compute in 8 or fewer, else 16.
fn dispatch_bytes(experts: Format) -> f64 {
    match experts {
        Format::Bf16 | Format::Fp32 | Format::Int4 => Format::Bf16.bytes(),
        _ => Format::Fp8.bytes(),
    }
}
