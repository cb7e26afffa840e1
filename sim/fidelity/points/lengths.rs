//! Lengths of prompts and answers.

use crate::des::Stream;

/// Lengths of prompts and answers, in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lengths {
    /// Each length between the ends equally likely.
    Between {
        /// Shortest and longest prompt.
        input: (u32, u32),
        /// Shortest and longest answer.
        output: (u32, u32),
    },
    /// Those of a benchmark's requests, stretched to these means.
    Of {
        /// The requests.
        set: RequestSet,
        /// Mean prompt.
        input: u32,
        /// Mean answer.
        output: u32,
    },
}

/// Requests of a benchmark whose lengths were published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestSet {
    /// `MLPerf`'s for Llama-2-70B.
    Llama2,
    /// `MLPerf`'s for Llama-3.1-405B.
    Llama405,
    /// `MLPerf`'s for Llama-3.1-8B, whose answers are all as long as is allowed.
    Llama8,
    /// `MLPerf`'s for Mixtral-8x7B.
    Mixtral,
    /// `MLPerf`'s for DeepSeek-R1; answers are the reference model's.
    DeepSeek,
}

impl Lengths {
    /// Every request as long as the next.
    pub const fn exact(input: u32, output: u32) -> Self {
        Self::Between { input: (input, input), output: (output, output) }
    }

    /// Four fifths of nominal to nominal, as the closed-loop benchmarks of `InferenceX` draw them.
    pub fn up_to(input: u32, output: u32) -> Self {
        Self::Between { input: drawn(input), output: drawn(output) }
    }

    /// Exact prompts, and answers as of [`up_to`](Self::up_to).
    pub fn answers_up_to(input: u32, output: u32) -> Self {
        Self::Between { input: (input, input), output: drawn(output) }
    }

    /// The same with answers of no length.
    pub const fn without_answers(self) -> Self {
        match self {
            Self::Between { input, .. } => Self::Between { input, output: (0, 0) },
            Self::Of { set, input, .. } => Self::Of { set, input, output: 0 },
        }
    }

    /// The middle of prompts and of answers.
    pub const fn middle(self) -> (u32, u32) {
        match self {
            Self::Between { input, output } => {
                (input.0.midpoint(input.1), output.0.midpoint(output.1))
            }
            Self::Of { input, output, .. } => (input, output),
        }
    }

    /// The longest prompt, and the longest prompt and answer together.
    pub(super) fn longest(self) -> (u32, u32) {
        match self {
            Self::Between { input, output } => (input.1, input.1 + output.1),
            Self::Of { .. } => {
                let pairs = self.pairs();
                let prompt = pairs.iter().map(|(input, _)| *input).max();
                let whole = pairs.iter().map(|(input, output)| input + output).max();
                (prompt.unwrap_or_default(), whole.unwrap_or_default())
            }
        }
    }

    /// Prompts and answers without end.
    pub(super) fn draws(self, mut stream: Stream) -> impl Iterator<Item = (u32, u32)> {
        let pairs = self.pairs();
        let mut between =
            move |(low, high): (u32, u32)| stream.integer(u64::from(low), u64::from(high)) as u32;
        std::iter::repeat_with(move || match self {
            Self::Between { input, output } => (between(input), between(output)),
            Self::Of { .. } => pairs[between((0, pairs.len() as u32 - 1)) as usize],
        })
    }

    /// The requests of a set, stretched; none of others.
    fn pairs(self) -> Vec<(u32, u32)> {
        let Self::Of { set, input, output } = self else { return Vec::new() };
        let pairs = set.pairs();
        let mean = |lengths: &mut dyn Iterator<Item = u32>| {
            let known: Vec<f64> = lengths.map(f64::from).collect();
            known.iter().sum::<f64>() / known.len().max(1) as f64
        };
        let stretch = |length: u32, by: f64| ((f64::from(length) * by).round() as u32).max(1);
        let by_input = f64::from(input) / mean(&mut pairs.iter().map(|pair| pair.0));
        let by_output = f64::from(output) / mean(&mut pairs.iter().filter_map(|pair| pair.1));
        let pair = |&(prompt, answer): &(u32, Option<u32>)| {
            let answer = answer.map_or(output.max(1), |answer| stretch(answer, by_output));
            (stretch(prompt, by_input), answer)
        };
        pairs.iter().map(pair).collect()
    }
}

/// Four fifths of nominal to nominal.
fn drawn(nominal: u32) -> (u32, u32) {
    ((nominal * 4 / 5).max(1), nominal)
}

impl RequestSet {
    /// The set that `MLPerf` serves `model` with, if its lengths were published.
    pub fn of(model: &str) -> Option<Self> {
        Some(match model {
            "llama-2-70b" => Self::Llama2,
            "llama-3.1-405b" => Self::Llama405,
            "llama-3.1-8b" => Self::Llama8,
            "mixtral-8x7b" => Self::Mixtral,
            "deepseek-r1" => Self::DeepSeek,
            _ => return None,
        })
    }

    /// Prompts and answers of a sample, in tokens; no answer where all are equally long.
    fn pairs(self) -> Vec<(u32, Option<u32>)> {
        let parsed = |line: &str| {
            let (prompt, answer) = line.split_once(',')?;
            Some((prompt.parse().ok()?, answer.parse().ok()))
        };
        self.text().lines().skip(1).filter_map(parsed).collect()
    }

    const fn text(self) -> &'static str {
        macro_rules! lengths {
            ($name:literal) => {
                include_str!(concat!(
                    env!("CARGO_MANIFEST_DIR"),
                    "/workloads/measured/lengths/",
                    $name,
                    ".csv"
                ))
            };
        }
        match self {
            Self::Llama2 => lengths!("llama-2-70b"),
            Self::Llama405 => lengths!("llama-3.1-405b"),
            Self::Llama8 => lengths!("llama-3.1-8b"),
            Self::Mixtral => lengths!("mixtral-8x7b"),
            Self::DeepSeek => lengths!("deepseek-r1"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::des::Streams;

    #[test]
    fn draws_of_a_set_have_the_means_that_were_measured() {
        let models =
            ["llama-2-70b", "llama-3.1-405b", "llama-3.1-8b", "mixtral-8x7b", "deepseek-r1"];
        for model in models {
            let set = RequestSet::of(model).unwrap();
            let lengths = Lengths::Of { set, input: 900, output: 300 };
            let drawn: Vec<_> =
                lengths.draws(Streams::new(3).named("lengths", 0)).take(20_000).collect();
            let mean = |of: fn(&(u32, u32)) -> u32| {
                drawn.iter().map(|pair| f64::from(of(pair))).sum::<f64>() / drawn.len() as f64
            };
            let (input, output) = (mean(|pair| pair.0), mean(|pair| pair.1));
            assert!((input / 900.0 - 1.0).abs() < 0.03, "{model}: {input}");
            assert!((output / 300.0 - 1.0).abs() < 0.05, "{model}: {output}");
            let (prompt, whole) = lengths.longest();
            assert!(drawn.iter().all(|pair| pair.0 <= prompt && pair.0 + pair.1 <= whole));
        }
        assert_eq!(RequestSet::of("gpt-oss-120b"), None);
    }
}
