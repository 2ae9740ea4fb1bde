"""The papers that closed forms and claims come from, by their first authors: one home for what is cited."""

from jaxcollapse.arguments.reference import Reference

ALEMOHAMMAD_2023 = Reference(
    key="alemohammad2023",
    authors=(
        "Sina Alemohammad, Josue Casco-Rodriguez, Lorenzo Luzi, Ahmed Imtiaz Humayun, Hossein Babaei, "
        "Daniel LeJeune, Ali Siahkoohi and Richard G. Baraniuk"
    ),
    title="Self-Consuming Generative Models Go MAD",
    year=2023,
    arxiv="2307.01850",
)
AMIN_2025 = Reference(
    key="amin2025",
    authors="Kareem Amin, Sara Babakniya, Alex Bie, Weiwei Kong, Umar Syed and Sergei Vassilvitskii",
    title="Escaping Collapse: The Strength of Weak Data for Large Language Model Training",
    year=2025,
    arxiv="2502.08924",
)
BARZILAI_2025 = Reference(
    key="barzilai2025",
    authors="Daniel Barzilai and Ohad Shamir",
    title="When Models Don't Collapse: On the Consistency of Iterative MLE",
    year=2025,
    arxiv="2505.19046",
)
BERTRAND_2023 = Reference(
    key="bertrand2023",
    authors="Quentin Bertrand, Avishek Joey Bose, Alexandre Duplessis, Marco Jiralerspong and Gauthier Gidel",
    title="On the Stability of Iterative Retraining of Generative Models on their own Data",
    year=2023,
    arxiv="2310.00429",
)
DANG_2026 = Reference(
    key="dang2026",
    authors="Hien Dang, Pratik Patil and Alessandro Rinaldo",
    title="Optimal Unconstrained Self-Distillation in Ridge Regression: "
    "Strict Improvements, Precise Asymptotics, and One-Shot Tuning",
    year=2026,
    arxiv="2602.17565",
)
DEY_2024 = Reference(
    key="dey2024",
    authors="Apratim Dey and David Donoho",
    title="Universality of the π²/6 Pathway in Avoiding Model Collapse",
    year=2024,
    arxiv="2410.22812",
)
DOBRIBAN_2018 = Reference(
    key="dobriban2018",
    authors="Edgar Dobriban and Stefan Wager",
    title="High-Dimensional Asymptotics of Prediction: Ridge Regression and Classification",
    year=2018,
    arxiv="1507.03003",
)
DOHMATOB_2024 = Reference(
    key="dohmatob2024",
    authors="Elvis Dohmatob, Yunzhen Feng and Julia Kempe",
    title="Model Collapse Demystified: The Case of Regression",
    year=2024,
    arxiv="2402.07712",
)
DOHMATOB_2025 = Reference(
    key="dohmatob2025",
    authors="Elvis Dohmatob, Yunzhen Feng, Arjun Subramonian and Julia Kempe",
    title="Strong Model Collapse",
    year=2025,
    arxiv="2410.04840",
)
DOHMATOB_CURATION_2025 = Reference(
    key="dohmatob2025curation",
    authors="Elvis Dohmatob, Mohammad Pezeshki and Reyhane Askari-Hemmat",
    title="Why Less is More (Sometimes): A Theory of Data Curation",
    year=2025,
    arxiv="2511.03492",
)
DOHMATOB_TAILS_2024 = Reference(
    key="dohmatob2024tails",
    authors="Elvis Dohmatob, Yunzhen Feng, Pu Yang, Francois Charton and Julia Kempe",
    title="A Tale of Tails: Model Collapse as a Change of Scaling Laws",
    year=2024,
    arxiv="2402.07043",
)
FENG_2024 = Reference(
    key="feng2024",
    authors="Yunzhen Feng, Elvis Dohmatob, Pu Yang, Francois Charton and Julia Kempe",
    title="Beyond Model Collapse: Scaling Up with Synthesized Data Requires Verification",
    year=2024,
    arxiv="2406.07515",
)
FERBACH_2024 = Reference(
    key="ferbach2024",
    authors="Damien Ferbach, Quentin Bertrand, Avishek Joey Bose and Gauthier Gidel",
    title="Self-Consuming Generative Models with Curated Data Provably Optimize Human Preferences",
    year=2024,
    arxiv="2407.09499",
)
FU_2024 = Reference(
    key="fu2024",
    authors="Shi Fu, Sen Zhang, Yingjie Wang, Xinmei Tian and Dacheng Tao",
    title="Towards Theoretical Understandings of Self-Consuming Generative Models",
    year=2024,
    arxiv="2402.11778",
)
GARG_2025 = Reference(
    key="garg2025",
    authors="Anvit Garg, Sohom Bhattacharya and Pragya Sur",
    title=(
        "Preventing Model Collapse Under Overparametrization: Optimal Mixing Ratios for Interpolation Learning and "
        "Ridge Regression"
    ),
    year=2025,
    arxiv="2509.22341",
)
GERSTGRASSER_2024 = Reference(
    key="gerstgrasser2024",
    authors=(
        "Matthias Gerstgrasser, Rylan Schaeffer, Apratim Dey, Rafael Rafailov, Henry Sleight, John Hughes, "
        "Tomasz Korbak, Rajashree Agrawal, Dhruv Pai, Andrey Gromov, Daniel A. Roberts, Diyi Yang, "
        "David L. Donoho and Sanmi Koyejo"
    ),
    title="Is Model Collapse Inevitable? Breaking the Curse of Recursion by Accumulating Real and Synthetic Data",
    year=2024,
    arxiv="2404.01413",
)
HE_2025 = Reference(
    key="he2025",
    authors="Hengzhi He, Shirong Xu and Guang Cheng",
    title="Recursive Learning Without Collapse: A Weighting-Based Stabilization Framework",
    year=2025,
    arxiv="2502.18049",
)
JAIN_2024 = Reference(
    key="jain2024",
    authors="Ayush Jain, Andrea Montanari and Eren Sasoglu",
    title="Scaling laws for learning with real and surrogate data",
    year=2024,
    arxiv="2402.04376",
)
KANABAR_2025 = Reference(
    key="kanabar2025",
    authors="Millen Kanabar and Michael Gastpar",
    title="Model non-collapse: Minimax bounds for recursive discrete distribution estimation",
    year=2025,
    arxiv="2501.19273",
)
KAZDAN_2024 = Reference(
    key="kazdan2024",
    authors=(
        "Joshua Kazdan, Rylan Schaeffer, Apratim Dey, Matthias Gerstgrasser, Rafael Rafailov, David L. Donoho and "
        "Sanmi Koyejo"
    ),
    title="Collapse or Thrive? Perils and Promises of Synthetic Data in a Self-Generating World",
    year=2024,
    arxiv="2410.16713",
)
MARCHI_2024 = Reference(
    key="marchi2024",
    authors="Matteo Marchi, Stefano Soatto, Pratik Chaudhari and Paulo Tabuada",
    title="Heat Death of Generative Models in Closed-Loop Learning",
    year=2024,
    arxiv="2404.02325",
)
MONIRI_2025 = Reference(
    key="moniri2025",
    authors="Behrad Moniri and Hamed Hassani",
    title="On the Mechanisms of Weak-to-Strong Generalization: A Theoretical Perspective",
    year=2025,
    arxiv="2505.18346",
)
PAREEK_2024 = Reference(
    key="pareek2024",
    authors="Divyansh Pareek, Simon S. Du and Sewoong Oh",
    title="Understanding the Gains from Repeated Self-Distillation",
    year=2024,
    arxiv="2407.04600",
)
REZAEI_2025 = Reference(
    key="rezaei2025",
    authors="Parham Rezaei, Filip Kovačević, Francesco Locatello and Marco Mondelli",
    title="High-dimensional Analysis of Synthetic Data Selection",
    year=2025,
    arxiv="2510.08123",
)
SCHAEFFER_2025 = Reference(
    key="schaeffer2025",
    authors="Rylan Schaeffer, Joshua Kazdan, Alvan Caleb Arulandu and Sanmi Koyejo",
    title="Position: Model Collapse Does Not Mean What You Think",
    year=2025,
    arxiv="2503.03150",
)
SEDDIK_2024 = Reference(
    key="seddik2024",
    authors="Mohamed El Amine Seddik, Suei-Wen Chen, Soufiane Hayou, Pierre Youssef and Merouane Debbah",
    title="How Bad is Training on Synthetic Data? A Statistical Analysis of Language Model Collapse",
    year=2024,
    arxiv="2404.05090",
)
SHIDANI_2025 = Reference(
    key="shidani2025",
    authors="Amitis Shidani, Tyler Farghly, Yang Sun, Habib Ganjgahi and George Deligiannidis",
    title="Beyond Real Data: Synthetic Data through the Lens of Regularization",
    year=2025,
    arxiv="2510.08095",
)
SHUMAILOV_2023 = Reference(
    key="shumailov2023",
    authors=("Ilia Shumailov, Zakhar Shumaylov, Yiren Zhao, Yarin Gal, Nicolas Papernot and Ross Anderson"),
    title="The Curse of Recursion: Training on Generated Data Makes Models Forget",
    year=2023,
    arxiv="2305.17493",
)
SURESH_2024 = Reference(
    key="suresh2024",
    authors="Ananda Theertha Suresh, Andrew Thangaraj and Aditya Nanda Kishore Khandavally",
    title="Rate of Model Collapse in Recursive Training",
    year=2024,
    arxiv="2412.17646",
)
VU_2025 = Reference(
    key="vu2025",
    authors="Hung Anh Vu, Galen Reeves and Emily Wenger",
    title="What happens when generative AI models train recursively on each others' outputs?",
    year=2025,
    arxiv="2505.21677",
)
WU_2026 = Reference(
    key="wu2026",
    authors="Mingqi Wu, Archer Y. Yang and Qiang Sun",
    title="Why Self-Training Helps and Hurts: Denoising vs. Signal Forgetting",
    year=2026,
    arxiv="2602.14029",
)
XU_2025 = Reference(
    key="xu2025",
    authors="Shirong Xu, Hengzhi He and Guang Cheng",
    title="A Probabilistic Perspective on Model Collapse",
    year=2025,
    arxiv="2505.13947",
)
YANG_2025 = Reference(
    key="yang2025",
    authors="Pu Yang, Yunzhen Feng, Ziyuan Chen, Yuhang Wu and Zhuoyuan Li",
    title="Spend Wisely: Maximizing Post-Training Gains in Iterative Synthetic Data Bootstrapping",
    year=2025,
    arxiv="2501.18962",
)
YI_2025 = Reference(
    key="yi2025",
    authors="Bingji Yi, Qiyuan Liu, Yuwei Cheng and Haifeng Xu",
    title="Escaping Model Collapse via Synthetic Data Verification: Near-term Improvements and Long-term Convergence",
    year=2025,
    arxiv="2510.16657",
)
ZHU_2024 = Reference(
    key="zhu2024",
    authors="Xuekai Zhu, Daixuan Cheng, Hengli Li, Kaiyan Zhang, Ermo Hua, Xingtai Lv, Ning Ding, Zhouhan Lin, "
    "Zilong Zheng and Bowen Zhou",
    title="How to Synthesize Text Data without Model Collapse?",
    year=2024,
    arxiv="2412.14689",
)
