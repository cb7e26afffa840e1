//! Every request of a run, for spreadsheets.

use std::fmt::Write;

use crate::serving::Outcome;

const HEADER: &str = "id,arrival_s,prompt_tokens,cached_tokens,output_tokens,ttft_ms,tpot_ms,\
                      e2e_ms,preemptions\n";

/// One CSV row per request, in the order given; `tpot_ms` is empty for a single token.
pub fn requests_csv(outcomes: &[Outcome]) -> String {
    let mut csv = HEADER.to_owned();
    for outcome in outcomes {
        let tpot = outcome.tpot().map_or(String::new(), |tpot| tpot.as_ms().to_string());
        writeln!(
            csv,
            "{},{},{},{},{},{},{tpot},{},{}",
            outcome.id.0,
            outcome.arrival.since_start().seconds().get(),
            outcome.prompt,
            outcome.cached,
            outcome.output,
            outcome.ttft().as_ms(),
            outcome.e2e().as_ms(),
            outcome.preemptions,
        )
        .expect("a String takes every write");
    }
    csv
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serving::RequestId;
    use crate::units::{SimSpan, SimTime};

    #[test]
    fn a_row_has_a_cell_for_each_title() {
        let at = |ms| SimTime::after_start(SimSpan::from_ms(ms));
        let outcome = Outcome {
            id: RequestId(3),
            arrival: at(1500),
            first_token: at(1700),
            end: at(1800),
            prompt: 10,
            cached: 4,
            output: 3,
            preemptions: 0,
            priority: 0,
        };
        let one = Outcome { output: 1, ..outcome };
        let csv = requests_csv(&[outcome, one]);
        let rows: Vec<Vec<_>> = csv.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(rows[1], ["3", "1.5", "10", "4", "3", "200", "50", "300", "0"]);
        assert_eq!((rows[0].len(), rows[2].len(), rows[2][6]), (9, 9, ""));
    }
}
