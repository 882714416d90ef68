import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

/** One of a few, side by side. */
export function Choice<T extends string>({
  name,
  value,
  options,
  onChange,
}: {
  readonly name: string;
  readonly value: T;
  readonly options: readonly (readonly [value: T, label: string])[];
  readonly onChange: (value: T) => void;
}) {
  const group = useId();
  return (
    <div class="choice" role="radiogroup" aria-label={name}>
      {options.map(([each, label]) => (
        <label key={each}>
          <input type="radio" name={group} checked={each === value} onChange={() => onChange(each)} />
          {label}
        </label>
      ))}
    </div>
  );
}

/** A field under its label, with a hint below. */
export function Field({
  label,
  hint,
  children,
}: {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly children: (id: string) => ComponentChildren;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(id)}
      {hint !== undefined && <span class="hint">{hint}</span>}
    </div>
  );
}

/** A line of text to type. */
export function TextField({
  label,
  hint,
  value,
  onInput,
  type = "text",
  required = false,
  placeholder,
  list,
}: {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly type?: "text" | "search" | "url" | "password" | "number" | "datetime-local";
  readonly required?: boolean;
  readonly placeholder?: string;
  /** What may be typed, offered. */
  readonly list?: readonly string[];
}) {
  return (
    <Field label={label} hint={hint}>
      {(id) => (
        <>
          <input
            id={id}
            class="input"
            type={type as "text"}
            required={required}
            value={value}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => onInput(event.currentTarget.value)}
            {...(placeholder !== undefined && { placeholder })}
            {...(list !== undefined && { list: `${id}-list` })}
          />
          {list !== undefined && (
            <datalist id={`${id}-list`}>
              {list.map((each) => (
                <option key={each} value={each} />
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  );
}

/** One of several, unfolded when pressed. */
export function Select({
  label,
  value,
  options,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly onChange: (value: string) => void;
}) {
  return (
    <Field label={label}>
      {(id) => (
        <select id={id} class="input" value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {options.map(([each, text]) => (
            <option key={each} value={each} selected={each === value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
