// Rules that find faults, not taste.
import js from "@eslint/js";
import { importX } from "eslint-plugin-import-x";
import globals from "globals";

export default [
  js.configs.recommended,
  {
    files: ["{space,training,docs}/**/*.js"],
    languageOptions: { globals: globals.browser },
  },
  {
    files: ["tests/**/*.mjs"],
    languageOptions: { globals: globals.nodeBuiltin },
  },
  {
    plugins: { "import-x": importX },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "import-x/named": "error", // what is imported is exported there
      "import-x/no-unresolved": "error",
      "import-x/no-cycle": "error",
      "import-x/extensions": ["error", "always", { ignorePackages: true }], // a browser does not guess
      "import-x/no-duplicates": "error",
      "import-x/no-mutable-exports": "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "array-callback-return": "error",
      "no-shadow": "error",
      "no-use-before-define": ["error", { functions: false, classes: false, variables: false }],
      "no-promise-executor-return": "error",
      "no-unmodified-loop-condition": "error",
      "no-implicit-coercion": "error",
      "no-self-compare": "error",
      "no-template-curly-in-string": "error",
      "prefer-const": "error",
      "no-var": "error",
      eqeqeq: "error",
    },
  },
];
