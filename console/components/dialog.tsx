import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { BellwetherError } from "#client/mod.ts";
import { asError } from "../state/live.ts";
import { Failure } from "./basics.tsx";

/** A dialog over the page. Escape and its cross close it; the focus goes back to where it was. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}) {
  const id = useId();
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    ref.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={ref} aria-labelledby={id} onClose={onClose}>
      <div class="dialog-body">
        <div class="dialog-head">
          <h2 id={id}>{title}</h2>
          <button type="button" class="button quiet" aria-label="Close" onClick={() => ref.current?.close()}>
            ✕
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}

/** Asks before something that cannot be taken back, and does it. */
export function Confirm({
  title,
  action,
  danger = false,
  act,
  onClose,
  children,
}: {
  readonly title: string;
  /** What the button says: a verb. */
  readonly action: string;
  readonly danger?: boolean;
  readonly act: () => Promise<void>;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}) {
  const { run, isRunning, error } = useAction(async () => {
    await act();
    onClose();
  });
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <Failure error={error} />
      <div class="dialog-foot">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" class={`button ${danger ? "danger" : "main"}`} disabled={isRunning} onClick={run}>
          {action}
        </button>
      </div>
    </Dialog>
  );
}

/** Something a person sets off: whether it is under way, and what went wrong the last time. */
export function useAction(act: () => Promise<void>): {
  readonly run: () => void;
  readonly isRunning: boolean;
  readonly error: BellwetherError | undefined;
} {
  const [isRunning, setRunning] = useState(false);
  const [error, setError] = useState<BellwetherError>();
  const run = async (): Promise<void> => {
    setRunning(true);
    setError(undefined);
    try {
      await act();
    } catch (thrown) {
      setError(asError(thrown));
    }
    setRunning(false);
  };
  return { run: () => void run(), isRunning, error };
}
