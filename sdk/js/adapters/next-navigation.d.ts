// What of Next.js the adapter uses. Its own types come with 200 MB; tests/packaging checks us against them.
declare module "next/navigation.js" {
  export function usePathname(): string | null;
  export function useParams(): Record<string, string | string[] | undefined> | null;
}
