/** How to use it and how to lend: commands, addresses, limits. */
import type { Topic } from "./corpus.ts";

export const useTopics: readonly Topic[] = [
  {
    questions: [
      "How do I connect my app?",
      "What is the base URL?",
      "Which URL do I use?",
      "How do I use the API?",
      "How do I use it with the OpenAI SDK?",
    ],
    answer:
      "Run troop up and set the base URL of your app to http://127.0.0.1:9000/v1. It speaks the OpenAI API.",
  },
  {
    questions: [
      "Do I need an API key?",
      "What is my API key?",
      "Which API key do I use?",
      "Do I need an account?",
      "How do I sign up?",
    ],
    answer:
      "There is no form to fill in: your account is a key pair made on first run. On localhost any API key will do unless you set one.",
  },
  {
    questions: [
      "How do I start?",
      "How do I begin?",
      "Where do I start?",
      "How do I try it?",
      "How do I run the demo?",
    ],
    answer:
      "Try troop demo first. Then troop init or troop join sets the coordinator, troop up lets you ask, and troop worker lets you lend.",
  },
  {
    questions: [
      "How do I lend my GPU?",
      "How do I share my GPU?",
      "How do I donate my GPU?",
      "How do I start a worker?",
      "How do I run a worker?",
    ],
    answer:
      "Start an engine such as Ollama, then run troop worker. It finds the engine, enrols your machine and serves while you are away.",
  },
  {
    questions: [
      "How do I pause my worker?",
      "How do I stop lending?",
      "What if I need my GPU?",
      "What happens when I come back?",
      "Can I still play games?",
    ],
    answer:
      "Your machine comes first: while you use it, the node counts as busy and takes no new requests. With troop worker pause you decide yourself.",
  },
  {
    questions: [
      "Do I need a GPU?",
      "Does it work without a GPU?",
      "Can I lend a CPU?",
      "Does it run on a CPU?",
    ],
    answer:
      "To ask you need no GPU at all. A worker may prove and lend a CPU too, it just earns little. I am a toy and run anywhere.",
  },
  {
    questions: [
      "Which models can I use?",
      "What models are there?",
      "How do I list models?",
      "How do I choose a model?",
    ],
    answer:
      "Run troop models to list what the nodes offer now, and name one of them in your request.",
  },
  {
    questions: [
      "How do I run a coordinator?",
      "How do I start a coordinator?",
      "Can I run my own coordinator?",
      "What does troop coordinator do?",
    ],
    answer:
      "Run troop coordinator: it listens on port 8000 and needs no database server to begin. PostgreSQL and Redis can follow.",
  },
  {
    questions: [
      "Which commands are there?",
      "What commands are there?",
      "List the commands",
      "Commands",
      "How do I use the command line?",
    ],
    answer:
      "The main ones are troop demo, troop up, troop worker, troop coordinator, troop balance, troop models and troop status.",
  },
  {
    questions: [
      "Something is wrong",
      "It does not work",
      "How do I find a fault?",
      "What does troop doctor do?",
      "How do I debug it?",
    ],
    answer:
      "Run troop doctor. Every failure comes with one reason code, one cause and one command to run.",
  },
  {
    questions: [
      "Is it open source?",
      "What is the license?",
      "Is it free?",
      "What does it cost?",
      "Can I read the source?",
    ],
    answer:
      "The software is open source under the MIT license, and I am CC0. You pay for other people's GPUs in credits.",
  },
];
