declare module '@tabler/icons-react/dist/esm/icons/*.mjs' {
  const icon: import('react').ComponentType<import('./ui/icon-files').IconProps>;
  export default icon;
}
