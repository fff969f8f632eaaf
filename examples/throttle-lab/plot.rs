use kuva::{
    plot::{LinePlot, LineStyle, legend::LegendPosition},
    render::{
        layout::{Layout, TickFormat},
        plots::Plot,
        theme::Theme,
    },
    render_to_svg,
};

use crate::{ideal::Ideal, run::Run, scenario::Scenario, strategy::Strategy};

/// How many points a line has at most: enough for the eye, few for the file.
const POINTS: usize = 200;
/// Where the axis ends at the latest, in the oracle's times.
const LONGEST: f64 = 1.4;

/// The completed calls of each strategy over time, and the ideal, as an SVG image.
pub(crate) fn svg(
    scenario: &Scenario,
    ideal: &Ideal,
    oracle: &Run,
    runs: &[(Strategy, Run)],
) -> String {
    let end = axis_end(oracle, runs);
    let calls = scenario.calls as f64;
    let mut plots: Vec<Plot> = runs
        .iter()
        .map(|(strategy, run)| line(*strategy, run, end).into())
        .collect();
    // On top of them, since the best come close to it. Where all fits into the burst there is none.
    if ideal.seconds() > 0.0 {
        plots.push(ideal_line(ideal, calls).into());
    }
    let layout = Layout::auto_from_plots(&plots)
        .with_x_axis_min(0.0)
        .with_x_axis_max(end)
        .with_y_axis_min(0.0)
        .with_y_axis_max(calls * 1.04)
        .with_title("Calls completed over time, by strategy")
        .with_subtitle(scenario.to_string())
        .with_x_label("time (s)")
        .with_y_label("calls completed")
        .with_y_tick_format(TickFormat::Integer)
        .with_legend_position(LegendPosition::OutsideRightTop)
        .with_legend_box(false)
        .with_theme(theme())
        .with_width(960.0)
        .with_height(480.0);
    render_to_svg(plots, layout)
}

/// A little past the last call that succeeded, unless that is very late.
fn axis_end(oracle: &Run, runs: &[(Strategy, Run)]) -> f64 {
    let last = runs.iter().filter_map(|(_, run)| run.makespan());
    let last = last.map(|at| at.as_secs_f64()).fold(0.0, f64::max);
    let best = oracle.makespan().map_or(0.0, |at| at.as_secs_f64());
    last.clamp(best, (LONGEST * best).max(1.0)) * 1.03
}

fn ideal_line(ideal: &Ideal, calls: f64) -> LinePlot {
    let points = ideal.bends().into_iter();
    LinePlot::new()
        .with_data(points.map(|at| (at, calls * ideal.done(at))))
        .with_color("#24292f")
        .with_stroke_width(1.2)
        .with_line_style(LineStyle::Custom("5 4".into()))
        .with_legend(format!("ideal: all in {:.0} s", ideal.seconds()))
}

/// One strategy, up to the end of the axis.
fn line(strategy: Strategy, run: &Run, end: f64) -> LinePlot {
    let ok = run.succeeded().count();
    let each = ok.div_ceil(POINTS).max(1);
    let mut points = vec![(0.0, 0.0)];
    for (done, call) in (1..).zip(run.succeeded()) {
        let at = call.at.as_secs_f64();
        if at > end {
            break;
        }
        if done % each == 0 || done == ok {
            points.push((at, done as f64));
        }
    }
    // What was not done by the end of the axis stays undone; what was, ends there.
    if let Some(&(_, done)) = points.last()
        && done < run.calls as f64
    {
        points.push((end, done));
    }
    let label = match run.makespan() {
        Some(at) if ok == run.calls => format!("{strategy}: all in {:.0} s", at.as_secs_f64()),
        _ => format!("{strategy}: {ok} of {}", run.calls),
    };
    let (color, width) = style(strategy);
    // Nearly the oracle's line where six at once are just right.
    let dashes = match strategy {
        Strategy::Semaphore => LineStyle::Dotted,
        _ => LineStyle::Solid,
    };
    LinePlot::new()
        .with_data(points)
        .with_color(color)
        .with_stroke_width(width)
        .with_line_style(dashes)
        .with_legend(label)
}

/// Colours that the colour-blind can tell apart; this project's lines are the bold ones.
fn style(strategy: Strategy) -> (&'static str, f64) {
    match strategy {
        Strategy::None => ("#999999", 1.5),
        Strategy::FixedLoop => ("#8c564b", 1.5),
        Strategy::SdkStandard => ("#d684bd", 1.5),
        Strategy::SdkAdaptive => ("#d1242f", 1.5),
        Strategy::TowerRetry => ("#8250df", 1.5),
        Strategy::TowerResilience => ("#e69f00", 1.5),
        Strategy::Semaphore => ("#57606a", 2.0),
        Strategy::Backoff => ("#56b4e9", 2.5),
        Strategy::Retries => ("#a6d8f0", 2.5),
        Strategy::StackAdaptive => ("#0072b2", 2.5),
        Strategy::Stack => ("#009e73", 2.5),
        Strategy::Oracle => ("#24292f", 1.0),
    }
}

/// Its own light ground, so that it reads on dark pages too.
fn theme() -> Theme {
    Theme {
        background: "#ffffff".into(),
        axis_color: "#57606a".into(),
        grid_color: "#eaeef2".into(),
        tick_color: "#57606a".into(),
        text_color: "#24292f".into(),
        legend_bg: "#ffffff".into(),
        legend_border: "none".into(),
        font_family: Some("system-ui, 'Segoe UI', Helvetica, Arial, sans-serif".into()),
        ..Theme::light()
    }
}
