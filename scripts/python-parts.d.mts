export interface PythonPartsOptions {
  /** The Python that makes the environment; default: SLUICE_PYTHON, else python3. */
  readonly python?: string;
  readonly report?: (text: string) => void;
  readonly cache?: string;
}

/** The folder of the virtual environment with the parts of `stack/<name>/requirements.txt`, made where it is not there. */
export function pythonParts(name: string, options?: PythonPartsOptions): Promise<string>;
