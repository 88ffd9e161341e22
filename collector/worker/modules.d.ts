declare module "*.sql" {
  const text: string;
  export default text;
}
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
/** The socket of node-postgres on this platform, as far as it is used: its own types need those of Node.js. */
declare module "pg-cloudflare" {
  export class CloudflareSocket {
    constructor(ssl: boolean);
    write(data: Uint8Array, callback: (error?: unknown) => void): true | void;
    write(data: Uint8Array | string, encoding?: string | ((error?: unknown) => void), callback?: (error?: unknown) => void): true | void;
  }
}
/** node-postgres, as far as it is used: its own types are of Node.js, which this is not. */
declare module "pg" {
  namespace pg {
    interface ClientConfig {
      host?: string;
      port?: number;
      user?: string;
      password?: string;
      database?: string;
      ssl?: boolean;
      application_name?: string;
      pipeline?: boolean;
      stream?: () => object;
    }
    interface QueryConfig {
      name: string;
      text: string;
      /** Bytes go as they are: PostgreSQL's binary form of a text is the text. */
      values: readonly (string | Uint8Array)[];
    }
    class Client {
      constructor(config: ClientConfig);
      connect(): Promise<void>;
      query(query: QueryConfig): Promise<{ rowCount: number }>;
      on(event: "error" | "end", listener: () => void): void;
      end(): Promise<void>;
    }
  }
  export default pg;
}
