import { Scale } from "../../scale.jsx";

export const getServerSideProps = ({ params }) => ({ props: { name: params.name } });

export default function Recipe({ name }) {
  return <Scale id={name} />;
}
