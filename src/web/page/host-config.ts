/** The card renderer's settings: sizes on the 4-pixel grid, colours by the page's own variables. */

const color = (name: string, subtle = "var(--soft)") => ({ default: `var(--${name})`, subtle });
const foregroundColors = {
  default: color("ink"),
  dark: color("ink"),
  light: color("soft"),
  accent: color("accent", "var(--accent)"),
  good: color("good", "var(--good)"),
  warning: color("waiting", "var(--waiting)"),
  attention: color("bad", "var(--bad)"),
};
const sizes = { small: 13, default: 15, medium: 16, large: 20, extraLarge: 24 };
const weights = { lighter: 400, default: 400, bolder: 600 };

export const hostConfig = {
  supportsInteractivity: true,
  fontTypes: {
    default: { fontFamily: "inherit", fontSizes: sizes, fontWeights: weights },
    monospace: {
      fontFamily: "var(--mono)",
      fontSizes: { small: 12, default: 13.5, medium: 14, large: 16, extraLarge: 18 },
      fontWeights: weights,
    },
  },
  lineHeights: { small: 20, default: 22, medium: 24, large: 28, extraLarge: 32 },
  spacing: { none: 0, small: 4, default: 8, medium: 12, large: 16, extraLarge: 24, padding: 16 },
  separator: { lineThickness: 1, lineColor: "var(--line)" },
  containerStyles: {
    default: { backgroundColor: "transparent", foregroundColors },
    emphasis: { backgroundColor: "var(--shade)", foregroundColors },
  },
  actions: {
    maxActions: 6,
    spacing: "medium",
    buttonSpacing: 8,
    showCard: { actionMode: "popup", inlineTopMargin: 8 },
    actionsOrientation: "horizontal",
    actionAlignment: "left",
    allowTitleToWrap: true,
  },
  adaptiveCard: { allowCustomStyle: false },
  factSet: {
    title: {
      size: "small",
      color: "default",
      isSubtle: true,
      weight: "default",
      wrap: true,
      maxWidth: 160,
    },
    value: { size: "small", color: "default", isSubtle: false, weight: "default", wrap: true },
    spacing: 12,
  },
  table: { cellSpacing: 8 },
  textStyles: {
    heading: {
      size: "medium",
      weight: "bolder",
      color: "default",
      isSubtle: false,
      fontType: "default",
    },
    columnHeader: {
      size: "small",
      weight: "default",
      color: "default",
      isSubtle: true,
      fontType: "default",
    },
  },
  textBlock: { headingLevel: 3 },
};
