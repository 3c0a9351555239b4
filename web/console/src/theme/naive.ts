import { computed } from "vue";
import { buttonDark, commonDark, createTheme, inputDark, popoverDark, scrollbarDark, switchDark, type GlobalTheme, type GlobalThemeOverrides } from "naive-ui";
import { isDark, tokens } from "./theme";
import { fontFamily, fontFamilyMono } from "./tokens";

/** The dark looks of what the console uses of Naive UI: with those of all its components the first load is 12 KB heavier. */
const darkTheme: GlobalTheme = { ...createTheme([buttonDark, inputDark, popoverDark, scrollbarDark, switchDark]), common: commonDark };

/** Naive UI in our colours: its own values are replaced where a component shows them. */
export const naiveTheme = computed(() => (isDark.value ? darkTheme : null));

export const naiveOverrides = computed<GlobalThemeOverrides>(() => {
  const t = tokens.value;
  return {
    common: {
      fontFamily,
      fontFamilyMono,
      fontSize: "14px",
      fontSizeMedium: "14px",
      fontSizeSmall: "13px",
      borderRadius: "6px",
      borderRadiusSmall: "4px",
      heightSmall: "28px",
      heightMedium: "36px",
      primaryColor: t.accent,
      primaryColorHover: t.accentHover,
      primaryColorPressed: t.accentHover,
      primaryColorSuppl: t.accent,
      errorColor: t.danger,
      errorColorHover: t.danger,
      errorColorPressed: t.danger,
      warningColor: t.warn,
      successColor: t.ok,
      textColorBase: t.text,
      textColor1: t.text,
      textColor2: t.text,
      textColor3: t.textSoft,
      placeholderColor: t.textFaint,
      borderColor: t.edge,
      dividerColor: t.line,
      inputColor: t.surface,
      bodyColor: t.bg,
      cardColor: t.surface,
      modalColor: t.raised,
      popoverColor: t.raised,
      hoverColor: t.hover,
      boxShadow2: t.shadow,
      cubicBezierEaseInOut: "cubic-bezier(.4, 0, .2, 1)",
    },
    Button: {
      fontWeight: "500",
      textColorPrimary: t.onAccent,
      textColorHoverPrimary: t.onAccent,
      textColorPressedPrimary: t.onAccent,
      textColorFocusPrimary: t.onAccent,
      textColorDisabledPrimary: t.onAccent,
      colorFocusPrimary: t.accent,
      border: `1px solid ${t.edge}`,
      colorQuaternaryHover: t.hover,
    },
    Input: {
      color: t.surface,
      colorFocus: t.surface,
      colorDisabled: t.hover,
      border: `1px solid ${t.edge}`,
      borderHover: `1px solid ${t.accent}`,
      borderFocus: `1px solid ${t.accent}`,
      boxShadowFocus: `0 0 0 2px ${t.accentSoft}`,
    },
    Switch: { railColor: t.edge, railColorActive: t.accent, boxShadowFocus: `0 0 0 2px ${t.surface}, 0 0 0 4px ${t.accent}` },
    Popover: { padding: "0", color: t.raised },
  };
});
