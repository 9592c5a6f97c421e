//! What a single phase has to leave, told by how the rest of the workflow uses it.
//!
//! A workflow need not spell this out in `yields`: a phase that a routed one takes its tasks from leaves tasks, one
//! that a loop or a condition asks for a verdict audits, one that may edit leaves edits. Each reason is a
//! [`Reason`]; reasons that want different things are a mistake, which a rule reports.

use super::ast::{Leaves, Phase, PhaseType, Workflow};
use super::input::{Input, Part};
use super::when::WhenSubject;

/// The name of phases (and of the template) that leave tasks.
const DECOMPOSE: &str = "decompose";
/// The name of phases (and of the template) that audit.
const AUDIT: &str = "audit";

/// What is in `routing` for all categories that are not named.
pub(super) const DEFAULT: &str = "default";

impl Leaves {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Document => "leave a document only",
            Self::Tasks => "leave tasks",
            Self::Verdict => "give a verdict",
            Self::Edits => "edit files",
        }
    }
}

/// Why a phase has to leave something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reason {
    pub(super) leaves: Leaves,
    /// Why, as a fragment: "it has `on_fail`".
    pub(super) reason: String,
}

/// How the phases of a workflow use each other.
pub(super) struct Uses<'w> {
    workflow: &'w Workflow,
    /// Of each phase: where it takes its tasks from.
    sources: Vec<Option<usize>>,
}

impl<'w> Uses<'w> {
    pub(super) fn of(workflow: &'w Workflow) -> Self {
        let sources = (0..workflow.phases.len())
            .map(|index| task_source(workflow, index))
            .collect();
        Self { workflow, sources }
    }

    /// Where the routed phase at `index` takes its tasks from.
    pub(super) fn source(&self, index: usize) -> Option<&'w Phase> {
        self.sources[index].map(|source| &self.workflow.phases[source])
    }

    /// All reasons for what the phase at `index` has to leave, plain words before names. Empty for a
    /// phase that is asked for a document only, and for one that is not `single`.
    pub(super) fn reasons(&self, index: usize) -> Vec<Reason> {
        let phase = &self.workflow.phases[index];
        let mut reasons = Vec::new();
        if phase.kind != Some(PhaseType::Single) {
            return reasons;
        }
        let mut add = |leaves, reason: String| reasons.push(Reason { leaves, reason });
        let says = phase.yields.as_ref().map(|says| says.value);
        if let Some(leaves) = says {
            add(leaves, "it says so in `yields`".to_owned());
        }
        for taker in self.takers(index) {
            let reason = format!(
                "the routed phase `{}` takes its tasks from it",
                taker.name.value
            );
            add(Leaves::Tasks, reason);
        }
        if phase.has("on_fail") {
            add(Leaves::Verdict, "it has `on_fail`".to_owned());
        }
        if let Some(asking) = self.who_asks(&phase.name.value) {
            let reason = format!("the `when` of `{}` asks for its verdict", asking.name.value);
            add(Leaves::Verdict, reason);
        }
        if phase.may_edit() && (says.is_none() || phase.edits.is_some()) {
            let reason = match phase.edits {
                Some(_) => "it has `edits: true`".to_owned(),
                None => format!("phases called `{}` may edit", phase.name.value),
            };
            add(Leaves::Edits, reason);
        }
        for (word, leaves) in [(DECOMPOSE, Leaves::Tasks), (AUDIT, Leaves::Verdict)] {
            if says.is_none() && phase.is_called(word) {
                let named = phase.name.value == word;
                let how = if named { "is called" } else { "has the prompt" };
                add(leaves, format!("it {how} `{word}`"));
            }
        }
        reasons
    }

    /// The categories of the tasks of the phase at `index`, in the order in which the routed phases name
    /// them; empty if no phase routes them. `default` is none of them.
    pub(super) fn categories(&self, index: usize) -> Vec<String> {
        let mut categories: Vec<String> = Vec::new();
        for route in self.takers(index).flat_map(|phase| &phase.routing) {
            if route.category.value != DEFAULT && !categories.contains(&route.category.value) {
                categories.push(route.category.value.clone());
            }
        }
        categories
    }

    /// Whether every routed phase that takes the tasks of the phase at `index` takes those of any category.
    pub(super) fn any_category(&self, index: usize) -> bool {
        self.takers(index).all(|phase| {
            let mut routing = phase.routing.iter();
            routing.any(|route| route.category.value == DEFAULT)
        })
    }

    /// The routed phases that take their tasks from the phase at `source`.
    fn takers(&self, source: usize) -> impl Iterator<Item = &'w Phase> {
        self.workflow
            .phases
            .iter()
            .zip(&self.sources)
            .filter(move |(_, taken)| **taken == Some(source))
            .map(|(phase, _)| phase)
    }

    fn who_asks(&self, name: &str) -> Option<&'w Phase> {
        self.workflow.phases.iter().find(|phase| {
            let subject = phase.when.as_ref().map(|when| &when.subject.value);
            match subject {
                Some(WhenSubject::Verdict(asked)) => asked == name,
                Some(WhenSubject::Input(_) | WhenSubject::Tests(_)) | None => false,
            }
        })
    }
}

/// The phase that a routed one takes its tasks from: of the single phases whose output it names, the one
/// called `decompose`, otherwise the first that does nothing else, otherwise the first.
fn task_source(workflow: &Workflow, index: usize) -> Option<usize> {
    let phase = &workflow.phases[index];
    if phase.kind != Some(PhaseType::Routed) {
        return None;
    }
    let sources: Vec<usize> = phase
        .input
        .iter()
        .filter_map(|input| match &input.value {
            Input::Phase {
                phase,
                part: Part::Output,
            } => workflow.phases[..index]
                .iter()
                .position(|other| &other.name.value == phase),
            Input::Phase { .. } | Input::Request | Input::Files(_) => None,
        })
        .filter(|source| workflow.phases[*source].kind == Some(PhaseType::Single))
        .collect();
    let first = |wanted: &dyn Fn(&Phase) -> bool| {
        sources
            .iter()
            .copied()
            .find(|source| wanted(&workflow.phases[*source]))
    };
    let says = |phase: &Phase| phase.yields.as_ref().map(|says| says.value);
    let silent = |phase: &Phase| says(phase).is_none();
    first(&|phase| says(phase) == Some(Leaves::Tasks))
        .or_else(|| first(&|phase| silent(phase) && phase.is_called(DECOMPOSE)))
        .or_else(|| first(&|phase| silent(phase) && !phase.may_edit() && !phase.is_called(AUDIT)))
        .or_else(|| first(&|_| true))
}
