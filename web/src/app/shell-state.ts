import { createContext, useContext } from 'react';

/** What pages ask of the frame around them. */
export const ShellContext = createContext<{ openDrawer: () => void }>({ openDrawer: () => undefined });

export function useShell() {
  return useContext(ShellContext);
}
