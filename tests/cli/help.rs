//! Help, version and usage errors.

use super::program::{memwall, memwall_into_closed_pipe};

/// The subcommands that a help text lists.
fn commands_in(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let entries = listed.take_while(|line| !line.is_empty());
    let names = entries.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next()).map(String::from);
    names.filter(|name| name != "help").collect()
}

#[test]
fn the_help_of_every_command_has_an_example() {
    let mut paths: Vec<Vec<String>> = vec![Vec::new()];
    let mut seen = 0;
    while let Some(path) = paths.pop() {
        let mut arguments: Vec<_> = path.iter().map(String::as_str).collect();
        arguments.push("--help");
        let help = memwall(&arguments).done();
        assert!(help.contains("Example"), "{arguments:?}: {help}");
        assert!(help.contains("--json"), "{arguments:?}: {help}");
        for command in commands_in(&help) {
            paths.push(path.iter().cloned().chain([command]).collect());
        }
        seen += 1;
    }
    assert!(seen > 10, "only {seen} commands were found");
}

#[test]
fn the_version_is_the_package_s() {
    assert_eq!(
        memwall(&["--version"]).done(),
        concat!("memwall ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn usage_errors_end_with_two_and_name_the_way_out() {
    memwall(&["chips", "lst"]).refused(&["lst", "list"]);
    memwall(&["--no-such-flag"]).refused(&["--no-such-flag"]);
    assert_eq!(memwall(&[]).code, 2);
}

#[test]
fn help_into_a_closed_pipe_ends_quietly() {
    let answer = memwall_into_closed_pipe(&["--help"]);
    assert_eq!((answer.code, answer.stderr.as_str()), (0, ""));
}
