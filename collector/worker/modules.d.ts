declare module "*.sql" {
  const text: string;
  export default text;
}
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
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
    }
    class Client {
      constructor(config: ClientConfig);
      connect(): Promise<void>;
      query(query: { name: string; text: string; values: readonly string[] }): Promise<{ rowCount: number }>;
      on(event: "error" | "end", listener: () => void): void;
      end(): Promise<void>;
    }
  }
  export default pg;
}
