//! Writes reports of made-up assessments, to look at them: `synthetic_report FOLDER`.

#![expect(clippy::print_stdout, reason = "a development tool that prints sizes")]

#[path = "synthetic_report/make.rs"]
mod make;

use std::{error::Error, fs, path::PathBuf};
use tenure_app::report::{
    ReportOptions, anonymise,
    horizon_svg::{Canvas, Place, Width, svg},
    html,
};
use tenure_model::horizon::Horizon;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("which folder?")?);
    fs::create_dir_all(&folder)?;
    for count in sizes() {
        let assessment = make::assessment(count, "2026-11-23")?;
        let before = make::assessment(count * 11 / 10, "2026-08-23")?;
        let csv_name = format!("report-{count}.csv");
        let options = ReportOptions {
            previous: (count > 300).then_some(&before),
            csv_name: &csv_name,
            ..ReportOptions::default()
        };
        let report = html(&assessment, &options)?;
        let horizon = Horizon::of(&assessment, options.previous);
        let picture = svg(
            &horizon,
            Canvas {
                width: Width::Wide,
                place: Place::Standalone,
            },
        );
        println!(
            "{count} keys: page {} bytes, table {} bytes, picture {} bytes",
            report.html.len(),
            report.csv.as_ref().map_or(0, String::len),
            picture.len()
        );
        fs::write(folder.join(format!("report-{count}.html")), &report.html)?;
        fs::write(folder.join(format!("horizon-{count}.svg")), &picture)?;
        if let Some(csv) = report.csv {
            fs::write(folder.join(csv_name), csv)?;
        }
        if count == 30 {
            let anonymous = html(&anonymise(&assessment), &ReportOptions::default())?;
            fs::write(folder.join("report-30-anonymous.html"), anonymous.html)?;
        }
    }
    Ok(())
}

/// The sizes that were asked for after the folder, or the usual ones.
fn sizes() -> Vec<usize> {
    let asked: Vec<usize> = std::env::args()
        .skip(2)
        .filter_map(|size| size.parse().ok())
        .collect();
    if asked.is_empty() {
        vec![0, 1, 30, 200, 5_000, 50_000]
    } else {
        asked
    }
}
