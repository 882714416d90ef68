import type { BellwetherError } from "#client/mod.ts";
import { isConnecting, key, rights } from "../state/connection.ts";
import { Code, Notice } from "./basics.tsx";

/** Whether the service refused for want of a key. */
export function isLocked(error: BellwetherError | undefined): boolean {
  return error?.code === "unauthenticated" || error?.code === "forbidden";
}

/** What stands where the admin key is needed: how to give it, and how a service gets one. */
export function Locked({ what }: { readonly what: string }) {
  // Where even reading takes a key, there is one.
  const mayBeOpen = rights.value?.read === true && key.value === undefined;
  return (
    <Notice>
      <div class="stack">
        <p class="row">
          <strong>{what} the admin key.</strong>
          <button
            type="button"
            class="button"
            onClick={() => {
              isConnecting.value = true;
            }}
          >
            Give the key
          </button>
        </p>
        {mayBeOpen && (
          <>
            <p class="soft">
              A service that was started without one has none yet. Choose a key, and start the service with the SHA-256
              of it, so that the key itself is written nowhere:
            </p>
            <Code
              text={`read -rs KEY; ADMIN_KEY_SHA256=$(printf %s "$KEY" | sha256sum | cut -d' ' -f1) npm start`}
              what="How to start with an admin key"
            />
          </>
        )}
      </div>
    </Notice>
  );
}
