//! Plan files: TOML → what a plan is read from.

use toml::{
    Spanned,
    de::{DeInteger, DeTable, DeValue},
};

use crate::{
    Diagnostic, Plan, Source,
    limits::MAX_PLAN_BYTES,
    node::{Data, Member, Node},
    problem::{Place, Problem, located},
    read,
};

/// Reads a plan from its files: all that is wrong with it, if anything is.
pub fn parse(sources: &[Source<'_>]) -> Result<Plan, Vec<Diagnostic>> {
    if sources.iter().map(|source| source.text.len()).sum::<usize>() > MAX_PLAN_BYTES {
        let problem = Problem {
            place: Place::default(),
            message: format!("the files of the plan are larger than {MAX_PLAN_BYTES} bytes together"),
            remedy: "make two plans of it".to_owned(),
        };
        return Err(located(vec![problem], sources));
    }
    let mut problems = Vec::new();
    let mut roots = Vec::new();
    for (file, source) in sources.iter().enumerate() {
        let (table, errors) = DeTable::parse_recoverable(source.text);
        problems.extend(errors.iter().map(|error| Problem {
            place: Place { file, offset: error.span().map_or(0, |span| span.start) },
            message: format!("no TOML: {}", error.message()),
            remedy: "correct the line; https://toml.io/en/v1.0.0 has the syntax".to_owned(),
        }));
        let place = Place { file, offset: table.span().start };
        roots.push(Node { place, data: members(table.get_ref(), file) });
    }
    // What could not be parsed is missing from the tree: more problems would follow from it than there are.
    if !problems.is_empty() {
        return Err(located(problems, sources));
    }
    read::plan(&roots).map_err(|problems| located(problems, sources))
}

fn members(table: &DeTable<'_>, file: usize) -> Data {
    let mut members: Vec<Member> = table
        .iter()
        .map(|(name, value)| Member {
            name: name.get_ref().clone().into_owned(),
            place: Place { file, offset: name.span().start },
            value: node(value, file),
        })
        .collect();
    members.sort_by_key(|member| member.place);
    Data::Table(members)
}

fn node(value: &Spanned<DeValue<'_>>, file: usize) -> Node {
    let data = match value.get_ref() {
        DeValue::String(text) => Data::String(text.clone().into_owned()),
        DeValue::Integer(integer) => decimal(integer),
        DeValue::Float(float) => match float.as_str().trim_start_matches('+') {
            text if text.parse::<f64>().is_ok_and(f64::is_finite) => Data::Number(text.to_owned()),
            _ => Data::Other("no finite number"),
        },
        DeValue::Boolean(boolean) => Data::Boolean(*boolean),
        DeValue::Datetime(_) => Data::Other("a date without quotes"),
        DeValue::Array(items) => Data::Array(items.iter().map(|item| node(item, file)).collect()),
        DeValue::Table(table) => members(table, file),
    };
    Node { place: Place { file, offset: value.span().start }, data }
}

fn decimal(integer: &DeInteger<'_>) -> Data {
    match i64::from_str_radix(integer.as_str(), integer.radix()) {
        Ok(value) => Data::Number(value.to_string()),
        Err(_) => Data::Other("a number too large"),
    }
}
