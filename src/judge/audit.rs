//! Reading an auditor's `verdict.json`, and rendering it.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::json::{JsonObject, read_object, typed};
use crate::model::{Audit, AuditVerdict, Faults, Finding, Severity};

/// A valid audit, and what had to be forgiven in reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedAudit {
    pub audit: Audit,
    /// What had to be forgiven, one sentence each.
    pub remarks: Vec<String>,
}

/// Reads an auditor's verdict.
///
/// # Errors
///
/// Everything that is wrong, one sentence each, with the place in the JSON where there is one:
/// written to be given to the model that has to mend it.
pub fn decode(text: &str) -> Result<Audit, Faults> {
    read(text).map(|decoded| decoded.audit)
}

/// The same as [`decode`], with what had to be forgiven.
///
/// # Errors
///
/// As [`decode`].
pub fn read(text: &str) -> Result<DecodedAudit, Faults> {
    let JsonObject {
        mut members,
        remarks,
    } = read_object(text)?;
    normalize(&mut members);
    let audit: Audit = typed(members)?;
    let errors = contradictions(&audit);
    if errors.is_empty() {
        Ok(DecodedAudit { audit, remarks })
    } else {
        Err(errors.into())
    }
}

/// Brings spellings of the same thing into one: `PASS`, `"findings": null`, `"file": ""`.
fn normalize(members: &mut Map<String, Value>) {
    if let Some(Value::String(verdict)) = members.get_mut("verdict") {
        *verdict = match verdict.trim().to_lowercase().as_str() {
            "passed" => "pass".to_owned(),
            "failed" => "fail".to_owned(),
            other => other.to_owned(),
        };
    }
    let Some(findings) = members.get_mut("findings") else {
        return;
    };
    if findings.is_null() {
        *findings = json!([]);
    }
    let items = findings.as_array_mut().into_iter().flatten();
    for finding in items.filter_map(Value::as_object_mut) {
        if let Some(Value::String(severity)) = finding.get_mut("severity") {
            *severity = severity.trim().to_lowercase();
        }
        for optional in ["file", "fix"] {
            let blank = |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
            if finding.get(optional).is_some_and(blank) {
                finding.remove(optional);
            }
        }
    }
}

/// What is wrong although the form is right.
fn contradictions(audit: &Audit) -> Vec<String> {
    let mut errors = Vec::new();
    if audit.summary.trim().is_empty() {
        errors.push("summary: is empty; say in a few sentences why".to_owned());
    }
    for (index, finding) in audit.findings.iter().enumerate() {
        if finding.problem.trim().is_empty() {
            errors.push(format!("findings[{index}].problem: is empty"));
        }
        if finding.line == Some(0) {
            errors.push(format!("findings[{index}].line: lines count from 1"));
        }
    }
    let blockers = audit.findings.iter().enumerate();
    let blocker = blockers
        .filter(|(_, finding)| finding.severity == Severity::Blocker)
        .map(|(index, _)| index)
        .next();
    match (audit.verdict, blocker) {
        (AuditVerdict::Pass, Some(index)) => errors.push(format!(
            "verdict is `pass`, but findings[{index}] is a blocker: it is `fail`, or the finding is \
             less than a blocker"
        )),
        (AuditVerdict::Fail, _) if audit.findings.is_empty() => errors.push(
            "verdict is `fail`, but there are no findings: name at least one thing that has to be \
             mended"
                .to_owned(),
        ),
        (AuditVerdict::Pass | AuditVerdict::Fail, _) => {}
    }
    errors
}

/// The audit as Markdown: verdict, summary, findings with the worst first.
pub fn render(audit: &Audit) -> String {
    let verdict = match audit.verdict {
        AuditVerdict::Pass => "pass",
        AuditVerdict::Fail => "fail",
    };
    let mut out = format!("# Audit: {verdict}\n\n{}\n", audit.summary.trim());
    let mut findings: Vec<&Finding> = audit.findings.iter().collect();
    // A stable sort: among equals the auditor's own order holds.
    findings.sort_by_key(|finding| rank(finding.severity));
    if !findings.is_empty() {
        out.push_str("\n## Findings\n\n");
    }
    for (number, finding) in (1..).zip(findings) {
        let place = match (&finding.file, finding.line) {
            (Some(file), Some(line)) => format!(", `{file}` line {line}"),
            (Some(file), None) => format!(", `{file}`"),
            (None, _) => String::new(),
        };
        let _ = writeln!(
            out,
            "{number}. **{}**{place}: {}",
            word(finding.severity),
            indented(&finding.problem)
        );
        if let Some(fix) = &finding.fix {
            let _ = writeln!(out, "   Mend it: {}", indented(fix));
        }
    }
    out
}

fn rank(severity: Severity) -> u8 {
    match severity {
        Severity::Blocker => 0,
        Severity::Major => 1,
        Severity::Minor => 2,
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Blocker => "blocker",
        Severity::Major => "major",
        Severity::Minor => "minor",
    }
}

/// Further lines are indented, so that they stay within their entry.
fn indented(text: &str) -> String {
    text.trim().replace('\n', "\n   ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::*;

    fn errors(text: &str) -> String {
        decode(text).expect_err("errors").join("; ")
    }

    #[test]
    fn a_pass_needs_no_findings_and_spelling_is_forgiven() {
        let audit = decode(r#"{"verdict": " Passed ", "summary": "Good.", "findings": null}"#)
            .expect("valid");
        assert_eq!(audit.verdict, AuditVerdict::Pass);
        assert!(audit.findings.is_empty());
        let text = r#"{"verdict": "fail", "summary": "No.", "findings":
            [{"severity": "Major", "file": " ", "problem": "x"}]}"#;
        let audit = decode(text).expect("valid");
        assert_eq!(audit.findings[0].severity, Severity::Major);
        assert_eq!(audit.findings[0].file, None);
    }

    #[test]
    fn contradictions_are_all_named() {
        assert!(
            errors(r#"{"verdict": "fail", "summary": "No."}"#).contains("there are no findings")
        );
        let text = r#"{"verdict": "pass", "summary": " ", "findings":
            [{"severity": "minor", "problem": "", "line": 0}, {"severity": "blocker", "problem": "x"}]}"#;
        let errors = decode(text).expect_err("errors");
        assert_eq!(errors.len(), 4, "{errors:?}");
        assert!(errors[3].contains("findings[1] is a blocker"), "{errors:?}");
    }

    #[test]
    fn errors_carry_their_place() {
        let text = r#"{"verdict": "fail", "summary": "x", "findings": [{"severity": "bad", "problem": "x"}]}"#;
        assert!(
            errors(text).starts_with("findings[0].severity: unknown variant `bad`"),
            "{}",
            errors(text)
        );
        assert!(errors(r#"{"verdict": "maybe", "summary": "x"}"#).starts_with("verdict: unknown"));
        assert!(errors("Looks fine to me.").contains("no JSON object"));
    }

    #[test]
    fn the_worst_finding_stands_first() {
        let text = r#"{"verdict": "fail", "summary": "Two things.", "findings":
            [{"severity": "minor", "problem": "a typo\nin a text"},
             {"severity": "blocker", "file": "src/a.rs", "line": 3, "problem": "off by one", "fix": "use <="}]}"#;
        assert_eq!(
            render(&decode(text).expect("valid")),
            "# Audit: fail\n\nTwo things.\n\n## Findings\n\n\
             1. **blocker**, `src/a.rs` line 3: off by one\n   Mend it: use <=\n\
             2. **minor**: a typo\n   in a text\n"
        );
    }

    proptest! {
        #[test]
        fn arbitrary_members_never_panic(verdict in ".{0,9}", problem in ".{0,9}", line in -1_i64..3) {
            let value = json!({"verdict": verdict, "summary": "x",
                "findings": [{"severity": "minor", "problem": problem, "line": line}]});
            let _ = decode(&value.to_string());
        }
    }
}
