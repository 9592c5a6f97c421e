//! Which lines two texts have in common.

/// Tables of more cells are not worth their memory; such texts have little in common.
const MOST_CELLS: usize = 4_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    Same(&'a str),
    Removed(&'a str),
    Added(&'a str),
}

/// The lines of both, in order, with the longest common subsequence as what is the same.
pub fn lines_diff<'a>(one: &'a str, other: &'a str) -> Vec<Line<'a>> {
    let (a, b): (Vec<&str>, Vec<&str>) = (one.lines().collect(), other.lines().collect());
    let start = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let rest = a.len().min(b.len()) - start;
    let ends = a.iter().rev().zip(b.iter().rev()).take(rest);
    let end = ends.take_while(|(a, b)| a == b).count();
    let (middle_a, middle_b) = (&a[start..a.len() - end], &b[start..b.len() - end]);
    let mut lines: Vec<Line<'_>> = a[..start].iter().copied().map(Line::Same).collect();
    lines.extend(middle(middle_a, middle_b));
    lines.extend(a[a.len() - end..].iter().copied().map(Line::Same));
    lines
}

fn middle<'a>(a: &[&'a str], b: &[&'a str]) -> Vec<Line<'a>> {
    let columns = b.len() + 1;
    let cells = (a.len() + 1).saturating_mul(columns);
    let mut common = vec![0_u32; if cells > MOST_CELLS { 0 } else { cells }];
    if !common.is_empty() {
        for i in (0..a.len()).rev() {
            for j in (0..b.len()).rev() {
                common[i * columns + j] = match a[i] == b[j] {
                    true => common[(i + 1) * columns + j + 1] + 1,
                    false => common[(i + 1) * columns + j].max(common[i * columns + j + 1]),
                };
            }
        }
    }
    let at = |i: usize, j: usize| common.get(i * columns + j).copied().unwrap_or(0);
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] && !common.is_empty() {
            lines.push(Line::Same(a[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && at(i + 1, j) >= at(i, j + 1)) {
            lines.push(Line::Removed(a[i]));
            i += 1;
        } else {
            lines.push(Line::Added(b[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_texts_are_in_their_difference(one in "([abc]\n){0,12}", other in "([abc]\n){0,12}") {
            let lines = lines_diff(&one, &other);
            let of = |skip: fn(&Line<'_>) -> bool| -> Vec<&str> {
                let kept = lines.iter().filter(|line| !skip(line));
                kept.map(|line| match line {
                    Line::Same(line) | Line::Removed(line) | Line::Added(line) => *line,
                }).collect()
            };
            prop_assert_eq!(of(|line| matches!(line, Line::Added(_))), one.lines().collect::<Vec<_>>());
            prop_assert_eq!(of(|line| matches!(line, Line::Removed(_))), other.lines().collect::<Vec<_>>());
        }
    }
}
