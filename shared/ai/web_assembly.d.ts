/** What is used of WebAssembly, whose types TypeScript has only among those of the browser. */
declare namespace WebAssembly {
  interface Module {
    readonly [Symbol.toStringTag]: string;
  }
  const Module: new (bytes: Uint8Array<ArrayBuffer>) => Module;
  interface Memory {
    readonly buffer: ArrayBuffer;
    /** By a number of pages; `buffer` is another one afterwards. RangeError when there is no such memory. */
    readonly grow: (pages: number) => number;
  }
  const Memory: new (pages: { readonly initial: number; readonly maximum: number }) => Memory;
  interface Instance {
    readonly exports: Readonly<Record<string, unknown>>;
  }
  const Instance: new (module: Module, imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>) => Instance;
}
