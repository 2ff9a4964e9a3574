import {
  Badge,
  createTheme,
  defaultVariantColorsResolver,
  type CSSVariablesResolver,
  type MantineColorsTuple,
  type VariantColorsResolver,
} from '@mantine/core';

const pine: MantineColorsTuple = [
  '#eef6f8', '#d9eaef', '#b3d5df', '#86bccc', '#5ea4b9', '#438fa8', '#2f7a93', '#20647b', '#164f63', '#0d3a4a',
];

/** Yellow and orange have no shade that is readable on their own light background, so their text is brown. */
const BROWN = '#663c00';

/** Light badges and buttons of Mantine miss the contrast of WCAG AA; these have it in both schemes. */
const variantColorResolver: VariantColorsResolver = (input) => {
  const usual = defaultVariantColorsResolver(input);
  const color = input.color ?? input.theme.primaryColor;
  if (input.variant !== 'light' || !(color in input.theme.colors)) return usual;
  const dark = color === 'yellow' || color === 'orange' ? BROWN : `color-mix(in srgb, var(--mantine-color-${color}-9), black 30%)`;
  const ground = `color-mix(in srgb, var(--mantine-color-${color}-9) 38%, var(--mantine-color-body))`;
  return {
    ...usual,
    background: `light-dark(var(--mantine-color-${color}-1), ${ground})`,
    hover: `light-dark(var(--mantine-color-${color}-2), ${ground})`,
    color: `light-dark(${dark}, var(--mantine-color-${color}-1))`,
  };
};

export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#535c67',
    '--mantine-color-placeholder': '#666e78',
    '--mantine-color-error': '#b42318',
    '--page-ground': '#f6f8f9',
    '--card-border': '#dfe4e8',
  },
  dark: {
    '--mantine-color-dimmed': '#a9b1bb',
    '--mantine-color-placeholder': '#a0a8b2',
    '--mantine-color-error': '#ff9a8f',
    '--page-ground': '#16181b',
    '--card-border': '#33383e',
  },
});

export const theme = createTheme({
  primaryColor: 'pine',
  primaryShade: { light: 7, dark: 7 },
  colors: { pine },
  variantColorResolver,
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, monospace",
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  headings: { fontWeight: '650', sizes: { h1: { fontSize: '1.5rem' }, h2: { fontSize: '1.05rem' }, h3: { fontSize: '0.95rem' } } },
  components: {
    Badge: Badge.extend({ defaultProps: { variant: 'light', radius: 'sm' }, styles: { root: { minWidth: 'max-content' }, label: { textTransform: 'none', fontWeight: 600 } } }),
  },
});
