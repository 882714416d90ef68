import { signal } from "@preact/signals";

/** Light, dark, or as the reader's system has it. Kept on this device: it says nothing of anybody. */
export type Theme = "system" | "light" | "dark";

const name = "bellwether.theme";

export const theme = signal<Theme>(kept());
apply(theme.value);

export function setTheme(value: Theme): void {
  theme.value = value;
  apply(value);
  try {
    localStorage.setItem(name, value);
  } catch {
    // Then it lasts as long as the page.
  }
}

function kept(): Theme {
  try {
    const value = localStorage.getItem(name);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system";
  }
}

function apply(value: Theme): void {
  if (value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = value;
}
