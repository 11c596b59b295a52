import { basePinName, parseToolPin } from "#graph/pins/dynamic-pins.ts";

/** `AgentInputBlock` → `Agent Input`; names that already are words stay. */
export function blockTitle(name: string): string {
  const short = name.length > 5 && name.endsWith("Block") ? name.slice(0, -5) : name;
  return short
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .trim();
}

/** What a pin is called on the block: its title, or its name in words; a dynamic pin by the part that it fills. */
export function pinLabel(name: string, title: string | undefined): string {
  const tool = parseToolPin(name);
  if (tool !== undefined) {
    return `tool: ${tool.pin}`;
  }
  const base = basePinName(name);
  if (base !== name) {
    return `${words(base)} › ${name.slice(base.length + 3).replaceAll(/_[$#@]_/g, " › ")}`;
  }
  return title !== undefined && title !== "" ? title : words(name);
}

function words(name: string): string {
  const spaced = name.replaceAll("_", " ").trim();
  return spaced === "" ? name : spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
