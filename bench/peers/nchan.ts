import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bodyRequest } from "../compare/http.ts";
import type { Peer } from "../compare/peer.ts";
import { findProgram, freePort, serve, versionOf } from "../compare/program.ts";
import { eventStreamRequest } from "../load/event-streams.ts";

const module = "/usr/lib/nginx/modules/ngx_nchan_module.so";

const configuration = (folder: string, port: number): string => `
load_module ${module};
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  nchan_shared_memory_size 512M;
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 1000000000;
    location = /publish {
      nchan_publisher;
      nchan_channel_id bench;
      nchan_message_buffer_length 1000;
      nchan_message_timeout 10m;
    }
    location = /subscribe {
      nchan_subscriber eventsource;
      nchan_channel_id bench;
      nchan_subscriber_first_message newest;
    }
  }
}
`;

export const peers: readonly Peer[] = [
  {
    name: "nchan",
    acknowledged: "memory",
    settings: "nginx with one worker, the last 1,000 messages in shared memory",
    client: "the shared HTTP generator",
    install: "apt-get install nginx-light libnginx-mod-nchan",
    version: () => {
      if (findProgram("nginx") === undefined || !existsSync(module)) return undefined;
      return versionOf("dpkg-query", ["-W", "libnginx-mod-nchan"], /\t(\S+)/) ?? "unknown version";
    },
    face: {
      kind: "http",
      publish: (_address, [message]) => bodyRequest("POST", "/publish", message!, { accept: "application/json" }),
      subscribe: () => eventStreamRequest("/subscribe"),
    },
    lacks: { batches: "it has no call for several messages" },
    async start(folder) {
      const port = await freePort();
      const file = join(folder, "nginx.conf");
      writeFileSync(file, configuration(folder, port));
      return serve(folder, port, ["nginx", "-p", folder, "-c", file]);
    },
  },
];
