//! Arithmetic on page lists: contents are runs of consecutive identities.

use crate::serving::Extent;

/// Appends one page, lengthening the last run when it continues it.
pub(super) fn push_page(content: &mut Vec<Extent>, page: u64) {
    push_run(content, Extent { first: page, pages: 1 });
}

/// Appends a run of pages, joining it to the last one when it continues it.
pub(super) fn push_run(content: &mut Vec<Extent>, run: Extent) {
    if run.pages == 0 {
        return;
    }
    if let Some(last) = content.last_mut()
        && last.first + u64::from(last.pages) == run.first
        && let Some(pages) = last.pages.checked_add(run.pages)
    {
        last.pages = pages;
        return;
    }
    content.push(run);
}

/// How many pages a content has.
pub(super) fn page_count(content: &[Extent]) -> u64 {
    content.iter().map(|run| u64::from(run.pages)).sum()
}

/// The pages `from..to` of a content, clipped to what it has.
pub(super) fn slice(content: &[Extent], from: u64, to: u64) -> Vec<Extent> {
    let mut part = Vec::new();
    let mut start = 0;
    for run in content {
        let end = start + u64::from(run.pages);
        let (low, high) = (from.max(start), to.min(end));
        if low < high {
            let first = run.first + (low - start);
            push_run(&mut part, Extent { first, pages: (high - low) as u32 });
        }
        start = end;
    }
    part
}

/// How many pages two contents share from their beginning on.
pub(crate) fn common_pages(a: &[Extent], b: &[Extent]) -> u64 {
    let (mut a, mut b) = (a.iter().copied(), b.iter().copied());
    let (mut left, mut right) = (a.next(), b.next());
    let mut common = 0;
    while let (Some(x), Some(y)) = (left, right) {
        if x.first != y.first {
            break;
        }
        let step = x.pages.min(y.pages);
        common += u64::from(step);
        left = rest(x, step).or_else(|| a.next());
        right = rest(y, step).or_else(|| b.next());
    }
    common
}

/// What remains of a run without its first pages.
fn rest(run: Extent, taken: u32) -> Option<Extent> {
    (run.pages > taken)
        .then(|| Extent { first: run.first + u64::from(taken), pages: run.pages - taken })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn flat(content: &[Extent]) -> Vec<u64> {
        content.iter().flat_map(|run| run.first..run.first + u64::from(run.pages)).collect()
    }

    fn runs(pages: &[u64]) -> Vec<Extent> {
        let mut content = Vec::new();
        for &page in pages {
            push_page(&mut content, page);
        }
        content
    }

    proptest! {
        #[test]
        fn runs_and_page_lists_are_the_same_thing(
            a in prop::collection::vec(0u64..6, 0..20),
            b in prop::collection::vec(0u64..6, 0..20),
            (from, to) in (0u64..22, 0u64..22),
        ) {
            let (x, y) = (runs(&a), runs(&b));
            prop_assert_eq!(flat(&x), a.clone());
            prop_assert_eq!(page_count(&x), a.len() as u64);
            let common = a.iter().zip(&b).take_while(|(p, q)| p == q).count();
            prop_assert_eq!(common_pages(&x, &y), common as u64);
            let clip = |at: u64| (at as usize).min(a.len());
            let part = if from < to { &a[clip(from)..clip(to)] } else { &[][..] };
            prop_assert_eq!(flat(&slice(&x, from, to)), part);
        }
    }
}
