//! When calls were let in, process by process.

use std::{fmt::Write, time::Duration};

use crate::crew::Run;

const COLUMNS: usize = 60;
const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A row of bars for each process, all to one scale.
pub(crate) fn rows(run: &Run) -> String {
    let end = run.makespan.max(Duration::from_millis(1));
    let counts: Vec<_> = run.admitted.iter().map(|at| counted(at, end)).collect();
    let most = counts.iter().flatten().copied().max().unwrap_or(0).max(1);
    let mut text = format!(
        "calls let in over {:.0} s, a row for each process; the highest bar is {most} in {:.1} s\n",
        end.as_secs_f64(),
        end.as_secs_f64() / COLUMNS as f64
    );
    for (process, counts) in counts.iter().enumerate() {
        let bars = counts.iter().map(|count| BARS[(count * 8).div_ceil(most)]);
        let bars: String = bars.collect();
        // Writing to a string does not fail.
        let _ = writeln!(text, "{process:>4} {bars}");
    }
    text
}

fn counted(at: &[Duration], end: Duration) -> [usize; COLUMNS] {
    let mut counts = [0; COLUMNS];
    for at in at {
        let column = at.as_secs_f64() / end.as_secs_f64() * COLUMNS as f64;
        counts[(column as usize).min(COLUMNS - 1)] += 1;
    }
    counts
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 360.0;
const MARGIN: f64 = 50.0;

/// A line for each process: how many of its calls were let in until then.
pub(crate) fn svg(run: &Run) -> String {
    let end = run.makespan.as_secs_f64().max(0.001);
    let most = run.admitted.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let x = |at: f64| MARGIN + at / end * (WIDTH - 2.0 * MARGIN);
    let y = |calls: usize| HEIGHT - MARGIN - calls as f64 / most as f64 * (HEIGHT - 2.0 * MARGIN);
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#fff"/>
<path d="M{MARGIN} {MARGIN} V{bottom} H{right}" fill="none" stroke="#444"/>
<text x="{MARGIN}" y="30">calls let in, of each process</text>
<text x="{right}" y="{below}" text-anchor="end">{end:.0} s</text>
<text x="{left}" y="{MARGIN}" text-anchor="end">{most}</text>
"##,
        bottom = HEIGHT - MARGIN,
        right = WIDTH - MARGIN,
        below = HEIGHT - MARGIN + 20.0,
        left = MARGIN - 6.0,
    );
    let processes = run.admitted.len();
    for (process, at) in run.admitted.iter().enumerate() {
        let mut at = at.clone();
        at.sort_unstable();
        let hue = process * 360 / processes;
        let _ = write!(svg, r#"<path d="M{} {}"#, x(0.0), y(0));
        for (calls, at) in at.iter().enumerate() {
            let _ = write!(svg, " L{:.1} {:.1}", x(at.as_secs_f64()), y(calls + 1));
        }
        let _ = writeln!(
            svg,
            r#"" fill="none" stroke="hsl({hue} 70% 40%)" stroke-width="1.5"/>"#
        );
    }
    svg.push_str("</svg>\n");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_a_place() {
        let second = Duration::from_secs(1);
        let run = Run {
            ok: 3,
            failed: 0,
            throttled: 0,
            makespan: 10 * second,
            made: vec![2, 1],
            admitted: vec![vec![Duration::ZERO, 10 * second], vec![20 * second]],
            commands: None,
            first_error: None,
        };
        let rows = rows(&run);
        let lines: Vec<_> = rows.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].starts_with("   0 █") && lines[1].ends_with('█'));
        assert!(lines[2].ends_with(" █"));
        assert_eq!(svg(&run).matches("<path").count(), 3);
    }
}
