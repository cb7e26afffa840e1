//! Finding the name that was meant.

/// The candidate most like `wrong`, if any is alike enough to be worth naming.
pub(crate) fn nearest<'a>(
    wrong: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    const ALIKE: f64 = 0.75;
    let wrong = wrong.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&wrong, &candidate.to_lowercase()), candidate))
        .filter(|&(likeness, _)| likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_finds_the_name_and_noise_finds_none() {
        let names = ["pin_rate", "printed_capacity", "stacks"];
        assert_eq!(nearest("pinrate", names), Some("pin_rate"));
        assert_eq!(nearest("zzz", names), None);
    }
}
