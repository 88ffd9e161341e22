import Link from "next/link";

export default function Home() {
  return <Link href="/recipes/12">Recipe 12</Link>;
}
