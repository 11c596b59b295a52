import { createTheme, type MantineColorsTuple } from "@mantine/core";

/** Ink blue: the colour of things one can press. */
const ink: MantineColorsTuple = [
  "#eef3fb",
  "#dbe4f3",
  "#b4c7e6",
  "#8aa8d9",
  "#678dce",
  "#507cc7",
  "#4473c5",
  "#3562ae",
  "#2b579d",
  "#1c4b8b",
];

/** Slate instead of grey, to go with the surfaces of the dark scheme (app.css). */
const slate: MantineColorsTuple = [
  "#d5dae1",
  "#bac2cc",
  "#9aa4b1",
  "#727d8b",
  "#4a515b",
  "#3a4049",
  "#2a2f36",
  "#1d2025",
  "#171a1e",
  "#101215",
];

export const theme = createTheme({
  primaryColor: "ink",
  primaryShade: { light: 8, dark: 6 },
  colors: { ink, dark: slate },
  autoContrast: true,
  defaultRadius: "sm",
  cursorType: "pointer",
  // No font is fetched: what the system has, Chinese included.
  fontFamily:
    "Inter, ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace",
  headings: { fontWeight: "650" },
});
