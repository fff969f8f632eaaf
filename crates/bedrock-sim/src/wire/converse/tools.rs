use crate::model::{Prompt, Tool, ToolChoice, tokens};
use crate::wire::check::{JsonField, ServiceError};
use crate::wire::part::cache_point;

/// Reads the tools, and says whether there are any.
pub(super) fn read(root: &JsonField<'_>, prompt: &mut Prompt) -> Result<bool, ServiceError> {
    let Some(config) = root.get("toolConfig")? else {
        return Ok(false);
    };
    let list = config.require("tools")?;
    let tools = list.items()?;
    if tools.is_empty() {
        return Err(list.refuse("Member must have length greater than or equal to 1"));
    }
    for tool in tools {
        match tool.variant()? {
            ("toolSpec", spec) => {
                let name = tool_name(&spec.require("name")?)?;
                let schema = spec.require("inputSchema")?.require("json")?;
                schema.object()?;
                let description = spec.get("description")?;
                let description = description.as_ref().map_or(Ok(""), JsonField::text)?;
                let schema = schema.value.clone();
                prompt.add_tool(Tool { name, schema }, description, spec.value);
            }
            // The service runs these itself, so no answer here ever calls one.
            ("systemTool", spec) => {
                let name = spec.require("name")?.text()?;
                prompt.add_piece(tokens::TOOL + tokens::text(name), spec.value);
            }
            ("cachePoint", point) => prompt.items.push(cache_point::read(&point, "default")?),
            _ => return Err(tool.complain("a tool is one of: toolSpec, systemTool, cachePoint")),
        }
    }
    if let Some(choice) = config.get("toolChoice")? {
        prompt.choice = match choice.variant()? {
            ("auto", _) => ToolChoice::Auto,
            ("any", _) => ToolChoice::Any,
            ("tool", tool) => named(&tool.require("name")?, prompt)?,
            _ => return Err(choice.complain("toolChoice is one of: auto, any, tool")),
        };
    }
    Ok(true)
}

pub(crate) fn named(name: &JsonField<'_>, prompt: &Prompt) -> Result<ToolChoice, ServiceError> {
    let text = name.text()?;
    if prompt.tools.iter().any(|tool| tool.name == text) {
        Ok(ToolChoice::Named(text.to_owned()))
    } else {
        Err(name.complain(&format!(
            "The tool choice names the tool {text}, which is not among the request's tools."
        )))
    }
}

pub(crate) fn tool_name(name: &JsonField<'_>) -> Result<String, ServiceError> {
    let text = name.text()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if (1..=64).contains(&text.len()) && text.chars().all(plain) {
        Ok(text.to_owned())
    } else {
        Err(name.refuse("Member must satisfy regular expression pattern: [a-zA-Z0-9_-]{1,64}"))
    }
}
