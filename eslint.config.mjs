import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

const TYPESCRIPT = ['**/*.ts'];
const TESTS = ['test/**/*.ts', 'bench/**/*.ts'];
const MAX_FILE_LINES = 300;
const MAX_FUNCTION_LINES = 60;

/** Folders of src by layer: what a layer may import of src, beside itself. Packages are free. */
const LAYERS = { domain: [], ports: ['domain'], adapters: ['domain', 'ports'], stack: ['domain', 'config'], capacity: ['domain', 'config'] };
/** The pipeline itself: knows ports, never who implements them or who wires it. */
const PIPELINE = ['ingest', 'indexing', 'lookups', 'inputs', 'setup', 'observability', 'proof', 'backfill', 'warehouse', 'policy', 'compacted', 'rate', 'heartbeat', 'monitor', 'audit', 'redrive', 'purge'];
const WIRING = ['adapters', 'main', 'stack', 'control', 'demo'];

const zones = [
  ...Object.entries(LAYERS).map(([layer, allowed]) => ({
    target: `./src/${layer}`,
    from: './src',
    except: [layer, ...allowed].map((folder) => `./${folder}`),
    message: `src/${layer} imports only ${['itself', ...allowed.map((folder) => `src/${folder}`)].join(', ')}.`,
  })),
  ...WIRING.map((folder) => ({
    target: PIPELINE.map((stage) => `./src/${stage}`),
    from: `./src/${folder}`,
    message: 'Only src/main wires: depend on a port.',
  })),
  { target: './src', from: ['./test', './bench'], message: 'Programs do not depend on tests.' },
];

export default tseslint.config(
  { ignores: ['node_modules/', '.sluice/', 'coverage/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: TYPESCRIPT,
    extends: [tseslint.configs.recommendedTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['*.ts'] }, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', prefer: 'type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true, allowNullish: true }],
      // A function may be async because its type says so.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-base-to-string': 'off',
      // The reason of an AbortSignal is passed on as it is.
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingAny: true, allowThrowingUnknown: true }],
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingAny: true, allowThrowingUnknown: true }],
      '@typescript-eslint/unbound-method': 'off',
      'import-x/no-default-export': 'error',
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones }],
      'import-x/no-self-import': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'max-lines': ['error', { max: MAX_FILE_LINES, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: MAX_FUNCTION_LINES, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: TESTS,
    rules: {
      // A suite is one function; a fake answers in whatever shape the test wants.
      'max-lines-per-function': 'off',
      'no-console': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
    },
  },
  { files: ['*.config.ts', 'test/support/stack-setup.ts', 'test/spark/object-store-setup.ts'], rules: { 'import-x/no-default-export': 'off' } },
  { files: ['**/*.mjs'], rules: { 'no-undef': 'off', 'no-unused-vars': 'error', 'prefer-const': 'error', eqeqeq: 'error' } },
);
