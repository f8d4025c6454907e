//! The options of a command: `--name value`, flags, and one argument without a name.

use std::error::Error;
use std::io::{self, Read};

#[derive(Default)]
pub(crate) struct Options {
    argument: Option<String>,
    named: Vec<(String, String)>,
    pub(crate) json: bool,
}

impl Options {
    pub(crate) fn read(
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Self, Box<dyn Error>> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            match argument.strip_prefix("--") {
                Some("json") => options.json = true,
                Some(name) => {
                    let value =
                        arguments.next().ok_or_else(|| format!("--{name} needs a value"))?;
                    options.named.push((name.to_owned(), value));
                }
                None if options.argument.is_none() => options.argument = Some(argument),
                None => return Err("there is more than one argument without a name".into()),
            }
        }
        Ok(options)
    }

    /// The argument without a name; `-` reads standard input.
    pub(crate) fn argument(&mut self, what: &str) -> Result<String, Box<dyn Error>> {
        let argument = self.argument.take().ok_or_else(|| format!("{what} is missing"))?;
        if argument != "-" {
            return Ok(argument);
        }
        let mut text = String::new();
        io::stdin().read_to_string(&mut text)?;
        Ok(text)
    }

    /// The values of an option that can be repeated.
    pub(crate) fn all(&mut self, name: &str) -> Vec<String> {
        let values = self.named.iter().filter(|(given, _)| given == name);
        let values = values.map(|(_, value)| value.clone()).collect();
        self.named.retain(|(given, _)| given != name);
        values
    }

    pub(crate) fn one(&mut self, name: &str) -> Result<Option<String>, Box<dyn Error>> {
        let mut values = self.all(name);
        match values.len() {
            0 | 1 => Ok(values.pop()),
            _ => Err(format!("--{name} is given more than once").into()),
        }
    }

    /// Fails if there are options that the command has not read.
    pub(crate) fn end(&self) -> Result<(), Box<dyn Error>> {
        match (self.named.first(), &self.argument) {
            (Some((name, _)), _) => Err(format!("unknown option --{name}").into()),
            (None, Some(_)) => Err("unexpected argument".into()),
            (None, None) => Ok(()),
        }
    }
}
