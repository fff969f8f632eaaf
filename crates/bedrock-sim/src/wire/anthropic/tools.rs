use serde_json::json;

use super::content::{cache_control, without_cache_control};
use crate::model::{Prompt, Tool, ToolChoice};
use crate::wire::check::{JsonField, ServiceError};
use crate::wire::converse::tools::named;

pub(super) fn read(root: &JsonField<'_>, prompt: &mut Prompt) -> Result<(), ServiceError> {
    if let Some(tools) = root.get("tools")? {
        for tool in tools.items()? {
            let name = tool.require("name")?;
            if name.text()?.is_empty() {
                return Err(name.complain("String should have at least 1 character"));
            }
            let name = name.text()?;
            let schema = tool.get("input_schema")?;
            if let Some(schema) = &schema {
                schema.object()?;
            }
            let schema = schema.map_or_else(|| json!({}), |schema| schema.value.clone());
            let description = tool.get("description")?;
            let description = description.as_ref().map_or(Ok(""), JsonField::text)?;
            let name = name.to_owned();
            let content = without_cache_control(tool.value);
            prompt.add_tool(Tool { name, schema }, description, &content);
            cache_control(&tool, prompt)?;
        }
    }
    if let Some(choice) = root.get("tool_choice")? {
        prompt.choice = match choice
            .require("type")?
            .one_of(&["auto", "any", "tool", "none"])?
        {
            "any" => ToolChoice::Any,
            "tool" => named(&choice.require("name")?, prompt)?,
            "none" => ToolChoice::Never,
            _ => ToolChoice::Auto,
        };
        if let Some(one) = choice.get("disable_parallel_tool_use")? {
            prompt.one_tool_at_a_time = one.value == true;
        }
    }
    Ok(())
}
